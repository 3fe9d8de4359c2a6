/** A simulated source that counts the finished runs of a simulated vendor, with good habits or bad ones. */
import type { Finish } from '../../../../lambda/counters/finish.ts';
import type { Ledger, RequestBudget, Stream } from '../../../../lambda/counters/ledger.ts';
import type { MetricDefinition } from '../../../../lambda/model/metric.ts';
import { queueJobs } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import { runDuration, runsFinished } from '../../../../lambda/model/catalogue/run-metrics.ts';
import type { CollectContext, Collection, Source } from '../../../../lambda/sources/source.ts';
import { failedCollection, type Poll, queueLevel, RefusedError, requestsOf, waitingCollection } from './poll.ts';
import { rule } from '../rules/rules.ts';
import { type Record, VendorError } from './vendor.ts';

export const sourceMetrics: readonly MetricDefinition[] = [queueJobs, runsFinished, runDuration];

const minuteMs = 60_000;

/** How the simulated source asks; the mutations ask wrongly. */
export interface Habits {
  /** Whether the vendor's list takes an upper bound. */
  readonly bound: 'client' | 'vendor';
  readonly paging: 'number' | 'cursor';
  readonly order: 'open-first' | 'list-first';
  /** What it does when a request fails. */
  readonly onError: 'throws' | 'keeps';
  readonly overlapMs: number;
  readonly readsFirstList: boolean;
  readonly keepsOpenRuns: boolean;
  readonly movesAfterPartRead: boolean;
  readonly keyHasAttempt: boolean;
  /** Whether a list that shows fewer elements than it has is taken for cut short. */
  readonly countsElements: boolean;
}

export const goodHabits: Omit<Habits, 'bound' | 'paging' | 'order' | 'onError'> = {
  overlapMs: 10 * minuteMs,
  readsFirstList: true,
  keepsOpenRuns: true,
  movesAfterPartRead: false,
  keyHasAttempt: true,
  countsElements: true,
};

const openForMs = 180 * minuteMs;

export const simulatedStream = { name: 'runs', settleMs: minuteMs / 2, openForMs } as const satisfies Stream;

export interface SimulatedSource extends Poll {
  readonly habits: Habits;
}

type Request = (label: string) => Promise<void>;

/** Far more than any run needs, in an hour: only the vendor's word makes it wait. */
const ownQuota = { requests: 100_000, windowMs: 60 * minuteMs } as const;

/** Asks within the quota, and tells it what a refusal says. */
function requestsWithin(quota: RequestBudget, ledger: Ledger, input: SimulatedSource): Request {
  const request = requestsOf(input);
  const { refusals } = input;
  return async (label) => {
    if (!quota.take()) {
      rule(ledger.tickMs < refusals.untilMs(), 'a refusal lasts only as long as the vendor says', ledger.tickMs);
      throw new RefusedError(refusals.untilMs());
    }
    try {
      await request(label);
      tellTime(input, ledger);
    } catch (error) {
      tellTime(input, ledger);
      if (error instanceof RefusedError) quota.noteRateLimit({ remaining: 0, resetMs: error.untilMs });
      throw error;
    }
  };
}

/** As every answer does in its header `Date`, a refusal and a failure among them. */
function tellTime({ tellsTime, now }: SimulatedSource, ledger: Ledger): void {
  if (tellsTime()) ledger.noteVendorTime(now());
}

/** A source as one is written for a real CI system, with a request where that has one. */
export function simulatedSource(input: SimulatedSource): Source {
  const { habits } = input;
  const stream: Stream = { ...simulatedStream, overlapMs: habits.overlapMs };
  return {
    collect: async ({ openLedger }: CollectContext): Promise<Collection> => {
      await input.actor.step('load');
      const ledger = await openLedger();
      const request = requestsWithin(ledger.openBudget('requests', ownQuota), ledger, input);
      declare(ledger);
      try {
        if (habits.order === 'open-first') await readOpen(input, ledger, stream, request);
        await readList(input, ledger, stream, request);
        if (habits.order === 'list-first') await readOpen(input, ledger, stream, request);
      } catch (error) {
        if (error instanceof RefusedError) {
          input.refusals.onWaiting();
          return waitingCollection();
        }
        if (!(error instanceof VendorError) || habits.onError === 'throws') throw error;
        return failedCollection(error.message);
      }
      return { families: [queueLevel(input)], problems: [] };
    },
  };
}

const duties = ['must', 'may'] as const;

function labelsOf(duty: string, attempt: string): { readonly [label: string]: string } {
  return {
    system: 'simulated',
    source: 'vendor',
    scope: 'all',
    pipeline: duty,
    result: 'success',
    attempt,
    branch: 'main',
  };
}

function declare(ledger: Ledger): void {
  for (const duty of duties) ledger.declare(runsFinished, labelsOf(duty, 'first'));
}

async function readOpen(input: SimulatedSource, ledger: Ledger, stream: Stream, request: Request): Promise<void> {
  const { habits, budget, vendor, faults, now } = input;
  if (vendor.kind === 'finish' || !habits.keepsOpenRuns) return;
  for (const { id } of ledger.recallOpen(stream).slice(0, budget.openRuns)) {
    await request(`get ${id}`);
    const record = vendor.get(id, faults, now());
    if (record === undefined) ledger.noteMissing(stream, id);
    else tell(ledger, stream, record, habits);
  }
}

async function readList(input: SimulatedSource, ledger: Ledger, stream: Stream, request: Request): Promise<void> {
  const { habits, budget, vendor, faults, now } = input;
  const window = ledger.openWindow(stream);
  const reachMs = window.isFirst && vendor.kind === 'created' && habits.readsFirstList ? openForMs : 0;
  const bound = { toMs: habits.bound === 'vendor' ? window.toMs : Infinity, fromMs: window.fromMs - reachMs };
  let page: string | undefined;
  let hasRepeated = false;
  const seen = new Set<string>();
  for (let read = 0; read < budget.pages; read += 1) {
    await request(`list ${page ?? ''}`);
    const query = { ...bound, page, paging: habits.paging, mixesEqual: input.mixesEqual };
    const { records, next, total } = vendor.list(query, now());
    for (const record of records) {
      tell(ledger, stream, record, habits);
      seen.add(`${record.runId} ${String(record.attempt.number)}`);
    }
    if (next === undefined && faults.repeatsPage && !hasRepeated) {
      hasRepeated = true;
      continue;
    }
    if (next === undefined && seen.size < total && habits.countsElements) {
      input.onSkipped();
      ledger.notePartial(stream);
      return;
    }
    if (next === undefined) {
      input.onComplete();
      ledger.noteComplete(stream);
      return;
    }
    page = next;
  }
  if (habits.movesAfterPartRead) ledger.noteComplete(stream);
  else ledger.notePartial(stream);
}

function tell(ledger: Ledger, stream: Stream, { runId, attempt, isFinished }: Record, habits: Habits): void {
  if (!isFinished) {
    if (habits.keepsOpenRuns) ledger.noteOpen(stream, runId);
    return;
  }
  const labels = labelsOf(attempt.duty, attempt.number === 1 ? 'first' : 'retry');
  const key = habits.keyHasAttempt ? `${runId}/${String(attempt.number)}` : runId;
  const finish: Finish = {
    key,
    finishedMs: attempt.finishedMs,
    counts: [{ metric: runsFinished, labels, increase: 1 }],
    observations: [{ metric: runDuration, labels, value: attempt.durationS }],
    marks: [],
  };
  ledger.countFinish(stream, runId, finish);
}
