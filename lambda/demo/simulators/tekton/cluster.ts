/** Plays a simulated cluster in which PipelineRuns come and go. */
import { drawArrivals, type Random, createRandom } from '../random.ts';
import { playLives, type Turn } from './lives.ts';
import { createRunStore, type RunObject, type RunStore } from './objects.ts';
import { defaultPlan, type PipelinePlan } from './plan.ts';

export interface ClusterOptions {
  readonly seed: number;
  /** A whole second. Epoch milliseconds. */
  readonly startMs: number;
  /** Simulated seconds that pass in a real one; all times are told in real ones. Default: 1. */
  readonly speed?: number;
  /** How long runs stay after their end, until a pruner takes them. Real seconds. */
  readonly keepSeconds: number;
  readonly plan?: readonly PipelinePlan[];
  /** After that no run is made any more. Epoch milliseconds. */
  readonly arrivalsUntilMs?: number | undefined;
  /** Called with every run that ends, as the watcher of Tekton Results is. */
  readonly archive?: (run: RunObject) => void;
}

export interface SimulatedCluster {
  /** What the API server holds at the time that was advanced to. */
  readonly store: RunStore;
  /** Lets time pass; never back. Epoch milliseconds. */
  readonly advance: (toMs: number) => void;
  /** Finished runs by `namespace pipeline result`, `anonymous` for what has no name of its own; TaskRuns by `namespace result`. */
  readonly ended: () => {
    readonly runs: Readonly<Record<string, number>>;
    readonly tasks: Readonly<Record<string, number>>;
  };
}

type Event = { readonly atMs: number } & ({ readonly turn: Turn } | { readonly pruned: RunObject });

const secondMs = 1000;

/** A cluster with Tekton in which runs come and go; equal seeds give equal clusters, however the time is cut into steps. */
export function createCluster(options: ClusterOptions): SimulatedCluster {
  const { seed, startMs, speed = 1, keepSeconds, archive, plan = defaultPlan, arrivalsUntilMs = Infinity } = options;
  const random = createRandom(seed);
  const store = createRunStore();
  const ended = { runs: new Map<string, number>(), tasks: new Map<string, number>() };
  let nowMs = startMs;
  let count = 0;
  let events: Event[] = [];

  const make = (pipeline: PipelinePlan, atMs: number): void => {
    count += 1;
    for (const turn of playLives({ plan: pipeline, number: count, speed }, atMs, random))
      events.push({ atMs: turn.atMs, turn });
  };
  const play = (event: Event): void => {
    if ('pruned' in event) remove(store, event.pruned);
    else {
      const { run, result } = event.turn;
      store.put(run);
      if (result === undefined) return;
      note(ended, run, result);
      archive?.(run);
      events.push({ atMs: event.atMs + keepSeconds * secondMs, pruned: run });
    }
  };
  return {
    store,
    advance: (toMs) => {
      for (; nowMs < toMs; nowMs += secondMs) {
        if (nowMs < arrivalsUntilMs) arrive({ plan, speed, random }, nowMs, make);
      }
      for (;;) {
        const due = events.filter(({ atMs }) => atMs <= toMs).sort((a, b) => a.atMs - b.atMs);
        if (due.length === 0) return;
        events = events.filter(({ atMs }) => atMs > toMs);
        for (const event of due) play(event);
      }
    },
    ended: () => ({ runs: Object.fromEntries(ended.runs), tasks: Object.fromEntries(ended.tasks) }),
  };
}

interface Arrivals {
  readonly plan: readonly PipelinePlan[];
  readonly speed: number;
  readonly random: Random;
}

function arrive(
  { plan, speed, random }: Arrivals,
  atMs: number,
  make: (pipeline: PipelinePlan, atMs: number) => void,
): void {
  for (const pipeline of plan) {
    for (let left = drawArrivals(random, (pipeline.runsAnHour * speed) / 3600); left > 0; left -= 1)
      make(pipeline, atMs);
  }
}

function remove(store: RunStore, { kind, metadata: { namespace, name } }: RunObject): void {
  store.remove(kind === 'PipelineRun' ? 'pipelineruns' : 'taskruns', namespace, name);
}

function note(
  { runs, tasks }: { readonly runs: Map<string, number>; readonly tasks: Map<string, number> },
  { kind, metadata: { name, namespace, labels } }: RunObject,
  result: string,
): void {
  const pipeline = labels?.['tekton.dev/pipeline'] ?? '';
  const [counts, key] =
    kind === 'TaskRun'
      ? [tasks, `${namespace} ${result}`]
      : [runs, `${namespace} ${pipeline === name ? 'anonymous' : pipeline} ${result}`];
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
