/** In which order lists of runs are asked for, and whether Bitbucket keeps to it. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import type { PipelineRecord } from '../api/schema.ts';
import { dayMs } from '../../../model/time.ts';

/**
 * By the start of the latest attempt, a run that is run again comes first once more. By creation it keeps its place, so
 * that the re-run of an old run is seen only while it is on the first page.
 */
export type ListOrder = '-run_creation_date' | '-created_on';

/** Documented, but no recording shows it: where it is refused or ignored, it is tried again a day later. */
const refusedForMs = dayMs;

const Refused = z.number();

const name = 'order refused';

export function chooseListOrder(ledger: Ledger): ListOrder {
  const refusedMs = ledger.recall(name, Refused);
  return refusedMs !== undefined && ledger.tickMs - refusedMs < refusedForMs ? '-created_on' : '-run_creation_date';
}

export function refuseOrder(ledger: Ledger): void {
  ledger.remember(name, ledger.tickMs);
}

/** Times of the same moment differ by this, for they are written by different parts of Bitbucket. */
const slackMs = 1000;

/** The times of a page by which its order can be judged: a re-run does not tell when it began. Epoch milliseconds. */
export function selectTimes(records: readonly PipelineRecord[], order: ListOrder): readonly number[] {
  const known = order === '-created_on' ? records : records.filter(({ run_number }) => (run_number ?? 1) === 1);
  return known.map(({ created_on }) => created_on);
}

export function isLatestFirst(times: readonly number[]): boolean {
  return times.every((ms, index) => ms <= (times[index - 1] ?? ms) + slackMs);
}
