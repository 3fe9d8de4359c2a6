/** Adds up the rows of one kind of run, namespace by namespace. */
import { isExact, computeMiddle } from '../cluster/age.ts';
import type { Naming } from '../naming.ts';
import type { Phase } from '../cluster/reasons.ts';
import type { RunRow } from '../cluster/table-rows.ts';
import { type RunKind, interpretCondition } from '../cluster/state.ts';
import { minuteMs } from '../../../model/time.ts';

/** An unfinished run of a pipeline, for the question whether it is stuck. */
export interface OpenRun {
  readonly pipeline: string;
  readonly phase: Phase;
  /** Since its start or, before that, since its creation. Milliseconds. */
  readonly ageMs: number;
}

/** What one kind of run adds up to in one namespace. */
export interface Figures {
  retained: number;
  /** Runs that the controller has not touched for longer than `unseenAfterMs`. */
  unseen: number;
  /** By queue and phase; a queue of finished runs only is there with no phase. */
  readonly phases: Map<string, Map<Phase, number>>;
  /** By queue: the longest that one of its queued runs has waited. Milliseconds. */
  readonly oldestWaitMs: Map<string, number>;
  readonly pipelines: Set<string>;
  readonly branches: Map<string, Set<string>>;
  readonly open: OpenRun[];
  /** By pipeline: the longest success that is still retained. Milliseconds. */
  readonly longestSuccessMs: Map<string, number>;
}

/** Adds up the rows of one kind, namespace by namespace; keeps nothing of finished runs but numbers. */
export interface Tally {
  readonly kind: RunKind;
  readonly add: (row: RunRow, nowMs: number) => void;
  readonly of: (namespace: string) => Figures | undefined;
  readonly namespaces: () => Iterable<string>;
}

/** A controller that works writes the first condition within seconds; this is what Tekton's own alarms wait. */
const unseenAfterMs = 2 * minuteMs;

export function createTally(kind: RunKind, naming: Naming): Tally {
  const figures = new Map<string, Figures>();
  return {
    kind,
    add: (row, nowMs) => {
      const known = figures.get(row.namespace) ?? createFigures();
      figures.set(row.namespace, known);
      addTo(known, row, { kind, naming, nowMs });
    },
    of: (namespace) => figures.get(namespace),
    namespaces: () => figures.keys(),
  };
}

function createFigures(): Figures {
  return {
    retained: 0,
    unseen: 0,
    phases: new Map(),
    oldestWaitMs: new Map(),
    pipelines: new Set(),
    branches: new Map(),
    open: [],
    longestSuccessMs: new Map(),
  };
}

interface AddOptions {
  readonly kind: RunKind;
  readonly naming: Naming;
  readonly nowMs: number;
}

function addTo(figures: Figures, row: RunRow, { kind, naming, nowMs }: AddOptions): void {
  figures.retained += 1;
  const queue = naming.queue(row);
  if (!figures.phases.has(queue)) figures.phases.set(queue, new Map());
  const status = interpretCondition(row.condition);
  if (kind === 'pipelineruns') addPipeline(figures, row, naming);
  if ('result' in status) {
    if (kind === 'pipelineruns' && status.result === 'success') addSuccess(figures, row, naming.pipeline(row));
    return;
  }
  addOpen(figures, row, { queue, phase: status.phase, nowMs });
  if (kind === 'pipelineruns') {
    figures.open.push({ pipeline: naming.pipeline(row), phase: status.phase, ageMs: computeAge(row, nowMs) });
  }
}

function addOpen(
  figures: Figures,
  { createdMs }: RunRow,
  { queue, phase, nowMs }: { readonly queue: string; readonly phase: Phase; readonly nowMs: number },
): void {
  const { phases, oldestWaitMs } = figures;
  const counts = phases.get(queue) ?? new Map<Phase, number>();
  phases.set(queue, counts.set(phase, (counts.get(phase) ?? 0) + 1));
  const waitedMs = Math.max(0, nowMs - createdMs);
  if (phase === 'unseen' && waitedMs > unseenAfterMs) figures.unseen += 1;
  if (isWaiting(phase)) oldestWaitMs.set(queue, Math.max(waitedMs, oldestWaitMs.get(queue) ?? 0));
}

function computeAge({ started, createdMs }: RunRow, nowMs: number): number {
  return Math.max(0, nowMs - (started === undefined ? createdMs : computeMiddle(started)));
}

/** What could start now; what is held back on purpose has no wait that a worker could end. */
function isWaiting(phase: Phase): boolean {
  return phase !== 'pending' && phase !== 'running' && phase !== 'stopping';
}

function addPipeline(figures: Figures, row: RunRow, naming: Naming): void {
  const pipeline = naming.pipeline(row);
  figures.pipelines.add(pipeline);
  const branches = figures.branches.get(pipeline) ?? new Set();
  figures.branches.set(pipeline, branches.add(naming.branch(row)));
}

function addSuccess(figures: Figures, { started, completed }: RunRow, pipeline: string): void {
  if (started === undefined || completed === undefined) return;
  const durationMs = Math.max(
    0,
    isExact(started) ? completed.toMs - started.toMs : computeMiddle(completed) - started.fromMs,
  );
  figures.longestSuccessMs.set(pipeline, Math.max(durationMs, figures.longestSuccessMs.get(pipeline) ?? 0));
}
