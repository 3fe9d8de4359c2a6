import type { Selection } from '../config/glob.ts';
import type { Batch } from '../model/batch.ts';
import type { Problem } from '../model/problem.ts';
import { jsonLines } from './write-json-lines.ts';
import { problemsOfOmissions } from './omission.ts';
import { prometheusText } from './write-prometheus-text.ts';
import { allFamilies, allRelayed, selected } from './select-families.ts';

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
export async function pageOf(batch: Batch, { format, metrics }: PageSettings, where: string): Promise<Page> {
  const families = selected(allFamilies(batch), metrics);
  const relayed = allRelayed(batch, metrics);
  if (format === 'json') {
    const samples = [...families, ...relayed].reduce((sum, family) => sum + family.samples.length, 0);
    return { text: jsonLines(families, batch.collectedAtMs, relayed), samples, problems: [] };
  }
  const { text, samples, omissions } = await prometheusText(families, relayed);
  return { text, samples, problems: problemsOfOmissions(omissions, where) };
}

interface PagePreview extends Omit<Page, 'text'> {
  readonly requests: number;
  readonly bytes: number;
  readonly lines: readonly string[];
  readonly monthlyCost: readonly never[];
}

/** What a page would look like to its reader, for a dry run. */
export function previewOf({ text, samples, problems }: Page): PagePreview {
  return { samples, requests: 1, bytes: Buffer.byteLength(text), lines: sampleLines(text), monthlyCost: [], problems };
}

/** Without help, types and blank lines. */
export function sampleLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('# '));
}
