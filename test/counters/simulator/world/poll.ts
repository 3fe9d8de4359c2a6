/** How the simulated source reads its vendor within one invocation: pages, deadlines, limits and refusals. */
import { queueJobs } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import type { Collection } from '../../../../lambda/sources/source.ts';
import type { Actor } from '../actors.ts';
import { type Vendor, VendorError, type VendorFaults } from './vendor.ts';

/** What one invocation may ask for. */
export interface Budget {
  readonly pages: number;
  readonly openRuns: number;
}

/** The CI system as one invocation meets it. */
export interface Poll {
  readonly actor: Actor;
  readonly vendor: Vendor;
  readonly budget: Budget;
  readonly faults: VendorFaults;
  readonly now: () => number;
  /** Whether answers say what time it is. */
  readonly tellsTime: () => boolean;
  readonly mixesEqual: boolean;
  readonly refusals: Refusals;
  readonly onRequest: (label: string) => void;
  readonly onFailure: () => void;
  /** Told when the whole list of the window was read. */
  readonly onComplete: () => void;
  /** Told when a list has shown fewer elements than it has. */
  readonly onSkipped: () => void;
}

/** What the vendor refuses, by its own clock. */
export interface Refusals {
  /** Until when no request is allowed; in the past where all are. Epoch milliseconds. */
  readonly untilMs: () => number;
  /** Whether this request is the one with which it begins to refuse. */
  readonly begin: (request: number) => boolean;
  /** The source has to leave something out. */
  readonly onWaiting: () => void;
}

/** The vendor answers 429, and says until when. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly untilMs: number;

  constructor(untilMs: number) {
    super('asked too often');
    this.untilMs = untilMs;
  }
}

/** Makes each request a step of its own, and fails the one that is to fail. */
export function requestsOf({
  actor,
  faults,
  onFailure,
  onRequest,
  refusals,
  now,
}: Poll): (label: string) => Promise<void> {
  let requests = 0;
  return async (label) => {
    await actor.step(label);
    requests += 1;
    onRequest(label);
    if (refusals.begin(requests) || now() < refusals.untilMs()) throw new RefusedError(refusals.untilMs());
    if (requests !== faults.failingRequest) return;
    onFailure();
    throw new VendorError('the vendor answers 503');
  };
}

/** A level, which needs no memory; 0 when nothing runs. */
export function queueLevel({ vendor, now }: Poll): Collection['families'][number] {
  const nowMs = now();
  const running = vendor.runs.flatMap(({ attempts }) =>
    attempts.filter(({ startedMs, finishedMs }) => startedMs <= nowMs && nowMs < finishedMs),
  );
  const labels = { system: 'simulated', source: 'vendor', scope: 'all', queue: 'default', state: 'running' };
  return { type: 'gauge', definition: queueJobs, samples: [{ labels, value: running.length }] };
}

/** What a source returns that was told to wait. */
export function waitingCollection(): Collection {
  return { families: [], problems: [{ kind: 'rate-limited', where: 'vendor', message: 'asked too often' }] };
}

/** What a source returns that could not read what it counts. */
export function failedCollection(message: string): Collection {
  return { families: [], problems: [{ kind: 'unavailable', where: 'vendor', message }] };
}
