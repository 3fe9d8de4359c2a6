import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { pageOf, previewOf } from '../../exposition/page.ts';
import type { CreateSink } from '../sink.ts';
import type { FileConfig } from './config.ts';
import { problemOfFile } from './problem.ts';

/** Replaces the file as a whole each run, so that no reader sees half a page; JSON lines are appended. */
export const createFile: CreateSink<FileConfig> = (config) => {
  const { path, format, name } = config;
  const where = `file/${name} ${path}`;
  const save = format === 'json' ? appendFile : replaceFile;
  return {
    write: async (batch, { deadline }) => {
      const { text, samples, problems } = await pageOf(batch, config, where);
      try {
        await save(path, text, { signal: deadline.signal });
        return { accepted: samples, requests: 1, bytes: Buffer.byteLength(text), problems };
      } catch (error) {
        return { accepted: 0, requests: 1, bytes: 0, problems: [...problems, problemOfFile(error, where)] };
      }
    },
    preview: async (batch) => previewOf(await pageOf(batch, config, where)),
  };
};

/** Renames within one folder, which is atomic; a textfile collector ignores names that do not end with .prom. */
async function replaceFile(path: string, text: string, options: { readonly signal: AbortSignal }): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, text, options);
    await rename(temporary, path);
  } catch (error) {
    // What is left of a full disk must not stay full; the error of the write says more than one of the removal.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
