import { queueJobs } from '../../../lambda/model/catalogue.ts';
import type { Collection } from '../../../lambda/sources/source.ts';
import type { Actor } from './actors.ts';
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
  readonly onRequest: (label: string) => void;
  readonly onFailure: () => void;
  /** Told when the whole list of the window was read. */
  readonly onComplete: () => void;
}

/** Makes each request a step of its own, and fails the one that is to fail. */
export function requestsOf({ actor, faults, onFailure, onRequest }: Poll): (label: string) => Promise<void> {
  let requests = 0;
  return async (label) => {
    await actor.step(label);
    requests += 1;
    onRequest(label);
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

/** What a source returns that could not read what it counts. */
export function failedCollection(message: string): Collection {
  return { families: [], problems: [{ kind: 'unavailable', where: 'vendor', message }] };
}
