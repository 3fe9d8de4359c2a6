/** Tells from the report of vitest how many tests passed, and which files took the longest. */
import { relative } from 'node:path';
import * as z from 'zod';
import { formatDuration } from '../../lambda/cli/render/duration.ts';
import { findGreatest } from '../../lambda/model/lists/extremes.ts';

/** What is read of the report that vitest's JSON reporter writes; times are in milliseconds. */
export const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  testResults: z.array(z.object({ name: z.string(), startTime: z.number(), endTime: z.number() })),
});

export type Report = z.output<typeof Report>;

/** A suite grows slow by few files; more of them would hide these. */
const shownFiles = 10;

/** The slowest files, one a line with the time from the first test's start to the last one's end. */
export function describeSlowest({ testResults }: Report, folder: string): string {
  const slowest = testResults
    .map(({ name, startTime, endTime }) => ({ file: relative(folder, name), tookMs: endTime - startTime }))
    .toSorted((one, other) => other.tookMs - one.tookMs)
    .slice(0, shownFiles)
    .map(({ file, tookMs }) => ({ file, took: formatDuration(tookMs) }));
  const width = findGreatest(slowest.map(({ took }) => took.length)) ?? 0;
  return slowest.map(({ file, took }) => `${took.padStart(width)}  ${file}\n`).join('');
}

/** One plain line that any CI system can read: `120 passed, 0 failed`, and how many were skipped. */
export function describeCounts({ numPassedTests, numFailedTests, numPendingTests }: Report): string {
  const skipped = numPendingTests > 0 ? `, ${String(numPendingTests)} skipped` : '';
  return `${String(numPassedTests)} passed, ${String(numFailedTests)} failed${skipped}\n`;
}
