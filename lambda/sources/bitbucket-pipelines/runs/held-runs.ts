/**
 * Counts what is known of runs that wait for a person, and releases those that have waited for too long. Most pipelines
 * with a manual step end like this: Bitbucket shows them green, and the button is never pressed.
 */
import * as z from 'zod';
import { buildMarks } from '../../../counters/marks.ts';
import type { Finish } from '../../../counters/finish.ts';
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { runsFinished } from '../../../model/catalogue/run-metrics.ts';
import type { CountedEarly, OpenState } from './open-state.ts';
import { buildSeconds } from '../metrics.ts';
import { scopeOf } from './repository.ts';
import { buildFinishKey, buildLine, type OpenRun, type PipelineLabels, type FollowedRepository } from './finish.ts';
import { mapRunSpan } from './map-run-span.ts';
import { isHeld } from './states.ts';
import { heldForMs } from './streams.ts';
import { dayMs } from '../../../model/time.ts';

export interface HeldContext {
  readonly ledger: Ledger;
  readonly identity: FollowedRepository;
  readonly stream: Stream;
}

/** A re-run tells the creation of the first run, so it is held for as long as it was seen open. */
export function isHeldTooLong(run: OpenRun, known: OpenState | undefined, ledger: Ledger): boolean {
  const sinceMs = run.attempt === 1 ? run.createdMs : (known?.askedMs ?? ledger.now());
  return isHeld(run) && ledger.now() - sinceMs > heldForMs;
}

/** What is charged for the steps that have ended, once; the rest is counted at the end. */
export function countCharged(run: OpenRun, known: OpenState | undefined, { ledger, identity }: HeldContext): void {
  const before = known?.counted?.charged ?? 0;
  if (run.charged > before) ledger.count(buildSeconds, buildLabels(run, identity), run.charged - before);
}

/** What will have been counted of an open run once this visit is saved. */
export function deriveCounted(run: OpenRun, same: OpenState | undefined): CountedEarly | undefined {
  if (!isHeld(run)) return same?.counted;
  const { charged = 0, steps = [], isRead = false } = same?.counted ?? {};
  const goesOnWaiting = same?.phase === run.phase;
  return { charged: Math.max(charged, run.charged), steps, isRead: goesOnWaiting && isRead };
}

/** The last success of a pipeline that has come to its manual step; where steps are read, they tell it more exactly. */
export function markPaused(run: OpenRun, known: OpenState | undefined, context: HeldContext): void {
  const { ledger, identity, stream } = context;
  if (identity.steps === 'read' || run.phase !== 'paused' || known?.phase === 'paused') return;
  const finishedMs = ledger.now();
  const marks = buildMarks({ ...buildLabels(run, identity), branch: run.branch }, 'success', finishedMs);
  const key = `paused ${buildFinishKey(run.id, run.attempt)} ${String(finishedMs)}`;
  ledger.countFinish(stream, run.id, {
    key,
    finishedMs,
    createdMs: run.createdMs,
    counts: [],
    observations: [],
    marks,
  });
}

/** Counts a run that has waited too long, by what Bitbucket shows of it: a paused one has succeeded so far. */
export function releaseRun(run: OpenRun, { ledger, identity, stream }: HeldContext): void {
  const result = run.phase === 'paused' ? 'success' : 'other';
  const labels = {
    ...buildLabels(run, identity),
    result,
    attempt: run.attempt > 1 ? 'retry' : 'first',
    branch: run.branch,
  };
  const finishedMs = ledger.now();
  const key = buildFinishKey(run.id, run.attempt);
  const ended = { ...run, finishedMs, result, wallMs: undefined } as const;
  const span = mapRunSpan(ended, identity);
  ledger.countFinish(stream, run.id, {
    // Not that of its end, which may still come and tell of further steps.
    key: `let go ${key}`,
    finishedMs,
    createdMs: run.createdMs,
    counts: [{ metric: runsFinished, labels, increase: 1 }],
    observations: [],
    marks: [],
    line: buildLine(ended, span, identity, run.charged),
    spans: [span],
  });
  rememberRelease(ledger, key, run.charged);
}

function buildLabels({ pipeline }: OpenRun, identity: FollowedRepository): PipelineLabels {
  return { system: 'bitbucket', source: identity.source, scope: scopeOf(identity), pipeline };
}

/** The key of its finish, when it was let go, and what was charged until then. */
const Releases = z.array(z.tuple([z.string(), z.number(), z.number()]));

const name = 'let go';

/** Artifacts of a pipeline end after 14 days; hardly any step can be started by hand after two months. */
const rememberedForMs = 60 * dayMs;

/** Of these runs the end would count a second time if they went on after all; the oldest fall out. 50 kB of state. */
const mostRemembered = 1000;

function rememberRelease(ledger: Ledger, key: string, charged: number): void {
  const kept = (ledger.recall(name, Releases) ?? []).filter(([, ms]) => ledger.now() - ms < rememberedForMs);
  ledger.remember(name, [...kept, [key, ledger.now(), charged]].slice(-mostRemembered));
}

function recallRelease(ledger: Ledger, key: string): { readonly ms: number; readonly charged: number } | undefined {
  const found = (ledger.recall(name, Releases) ?? []).find(([known]) => known === key);
  return found === undefined ? undefined : { ms: found[1], charged: found[2] };
}

/** When a run was let go; its steps that had ended by then were counted. Epoch milliseconds. */
export function recallReleaseMs(ledger: Ledger, id: string, attempt: number): number | undefined {
  return recallRelease(ledger, buildFinishKey(id, attempt))?.ms;
}

/** A finish without what was counted of its run before. */
export function subtractCounted(finish: Finish, known: OpenState | undefined, ledger: Ledger): Finish {
  const before = recallRelease(ledger, finish.key);
  const wasReleased = before !== undefined;
  const charged = known?.counted?.charged ?? before?.charged ?? 0;
  if (!wasReleased && charged === 0) return finish;
  const counts = finish.counts.flatMap((count) => {
    if (count.metric === runsFinished && wasReleased) return [];
    if (count.metric !== buildSeconds) return [count];
    const increase = count.increase - charged;
    return increase > 0 ? [{ ...count, increase }] : [];
  });
  if (!wasReleased) return { ...finish, counts };
  // The run's own span was sent when it was let go, and cannot be sent with another end.
  const spans = (finish.spans ?? []).map((span) => ({ ...span, id: `end ${finish.key}` }));
  return { ...finish, counts, spans };
}
