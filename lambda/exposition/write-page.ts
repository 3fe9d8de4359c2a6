/** Writes a whole batch as one page of text or JSON, and previews it for a dry run. */
import type { Selection } from '../settings/glob.ts';
import type { Batch } from '../model/batch.ts';
import type { Problem } from '../model/problem.ts';
import { writeJsonLines } from './write-json-lines.ts';
import { describeOmissions } from './omission.ts';
import { writePrometheusText } from './write-prometheus-text.ts';
import { gatherFamilies, gatherRelayed, selectFamilies } from './select-families.ts';

export interface PageSettings {
  readonly format: 'prometheus' | 'json';
  readonly metrics?: Selection | undefined;
}

export interface Page {
  readonly text: string;
  readonly samples: number;
  readonly problems: readonly Problem[];
}

/** A whole batch as one text. */
export async function writePage(batch: Batch, { format, metrics }: PageSettings, where: string): Promise<Page> {
  const families = selectFamilies(gatherFamilies(batch), metrics);
  const relayed = gatherRelayed(batch, metrics);
  if (format === 'json') {
    const samples = [...families, ...relayed].reduce((sum, family) => sum + family.samples.length, 0);
    return { text: writeJsonLines(families, batch.collectedAtMs, relayed), samples, problems: [] };
  }
  const { text, samples, omissions } = await writePrometheusText(families, relayed);
  return { text, samples, problems: describeOmissions(omissions, where) };
}

interface PagePreview extends Omit<Page, 'text'> {
  readonly requests: number;
  readonly bytes: number;
  readonly lines: readonly string[];
  readonly monthlyCost: readonly never[];
}

/** What a page would look like to its reader, for a dry run. */
export function previewPage({ text, samples, problems }: Page): PagePreview {
  return {
    samples,
    requests: 1,
    bytes: Buffer.byteLength(text),
    lines: selectSampleLines(text),
    monthlyCost: [],
    problems,
  };
}

/** Without help, types and blank lines. */
export function selectSampleLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
}
