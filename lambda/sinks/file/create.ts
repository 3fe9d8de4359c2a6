/** The sink that writes a run to a file: a page that is replaced, or JSON lines that are appended. */
import { type Page, writePage, previewPage } from '../../exposition/write-page.ts';
import { type Batch, findSkippedSources } from '../../model/batch.ts';
import type { Problem } from '../../model/problem.ts';
import { replaceFile } from '../../runtime/replace-file.ts';
import type { CreateSink } from '../sink.ts';
import { appendLines } from './append-lines.ts';
import { examineWrite } from './examine-write.ts';
import type { FileConfig } from './config.ts';
import { describeFileProblem, describeSkipped, describeRepair } from './problems.ts';

/**
 * Replaces the file as a whole each run, so that no reader sees half a page; JSON lines are appended, all or none. What
 * another run has just written of one source must not be taken back, so that a page without that source is not written.
 */
export const createFile: CreateSink<FileConfig> = (config) => {
  const { path, format, name } = config;
  const where = `file/${name} ${path}`;

  async function save({ text }: Page, signal: AbortSignal): Promise<readonly Problem[]> {
    if (format === 'json') return describeRepair(await appendLines(path, text, signal), where);
    await replaceFile(path, text, { signal });
    return [];
  }

  function describeSkippedSources(batch: Batch): Problem | undefined {
    const skipped = format === 'json' ? [] : findSkippedSources(batch);
    return skipped.length === 0 ? undefined : describeSkipped(skipped, where);
  }

  return {
    write: async (batch, { deadline: { signal } }) => {
      const skipped = describeSkippedSources(batch);
      if (skipped !== undefined) return { accepted: 0, requests: 0, bytes: 0, problems: [skipped] };
      const page = await writePage(batch, config, where);
      const { text, samples, problems } = page;
      try {
        const repairs = await save(page, signal);
        return { accepted: samples, requests: 1, bytes: Buffer.byteLength(text), problems: [...problems, ...repairs] };
      } catch (error) {
        return {
          accepted: 0,
          requests: 1,
          bytes: 0,
          problems: [...problems, describeFileProblem(error, where, signal)],
        };
      }
    },
    examine: () => examineWrite(config, where),
    preview: async (batch) => {
      const skipped = describeSkippedSources(batch);
      if (skipped === undefined) return previewPage(await writePage(batch, config, where));
      return { samples: 0, requests: 0, bytes: 0, lines: [], monthlyCost: [], problems: [skipped] };
    },
  };
};
