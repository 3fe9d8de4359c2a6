import { queueJobs } from '../../../model/catalogue/catalogue.ts';
import { greatest } from '../../../model/lists/extremes.ts';
import { gauge, type MetricFamily } from '../../../model/metric.ts';
import { queueOldestWait, runsActive, runsStuck, runStates } from '../../../model/catalogue/run-metrics.ts';
import { pipelineRuns, retainedObjects, taskRuns, unseenRuns } from '../metrics.ts';
import { type Phase, pipelineRunPhases, taskRunPhases } from '../cluster/reasons.ts';
import { jobStateOf, type JobState, runStateOf } from '../cluster/state.ts';
import type { Figures, Tally } from './tally.ts';

/** One kind of run as it was read: its figures, and how far the list came. */
export interface Listed {
  readonly tally: Tally;
  /** Whether everything of a namespace was read; a namespace without runs was, if its list was. */
  readonly covers: (namespace: string) => boolean;
  readonly isComplete: boolean;
}

export interface Levels {
  readonly source: string;
  readonly pipelineRuns: Listed;
  /** Absent where TaskRuns are not read. */
  readonly taskRuns?: Listed | undefined;
  /** Namespaces that are configured by name: they are there, whether or not they have runs. */
  readonly named: readonly string[];
  readonly stuckAfterMs: number;
}

/** More than twice the longest success that is still retained is far longer than usual. */
const stuckFactor = 2;

/** What goes on in the cluster, as families of the model. What was not read completely is absent. */
export function levelFamilies(levels: Levels): readonly MetricFamily[] {
  const { pipelineRuns: runs, taskRuns: tasks } = levels;
  const scopes = namespacesOf(levels);
  const ofRuns = scopes.filter((scope) => runs.covers(scope));
  const ofBoth = tasks === undefined ? ofRuns : ofRuns.filter((scope) => tasks.covers(scope));
  const families = [
    gauge(
      pipelineRuns,
      ofRuns.flatMap((scope) => phaseSamples(levels, runs, scope, pipelineRunPhases)),
    ),
    ...(tasks === undefined
      ? []
      : [
          gauge(
            taskRuns,
            scopes
              .filter((scope) => tasks.covers(scope))
              .flatMap((scope) => phaseSamples(levels, tasks, scope, taskRunPhases)),
          ),
        ]),
    ...queueFamilies(levels, ofBoth),
    ...pipelineFamilies(levels, ofRuns),
    gauge(
      unseenRuns,
      ofBoth.map((scope) => ({
        labels: { ...labelsOf(levels), scope },
        value: figuresOf(levels, scope).reduce((sum, { unseen }) => sum + unseen, 0),
      })),
    ),
    retained(levels),
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

function labelsOf({ source }: Levels): { readonly system: string; readonly source: string } {
  return { system: 'tekton', source };
}

function listsOf({ pipelineRuns: runs, taskRuns: tasks }: Levels): readonly Listed[] {
  return tasks === undefined ? [runs] : [runs, tasks];
}

function namespacesOf(levels: Levels): readonly string[] {
  const seen = listsOf(levels).flatMap(({ tally }) => [...tally.namespaces()]);
  return [...new Set([...levels.named, ...seen])].sort();
}

function figuresOf(levels: Levels, scope: string): readonly Figures[] {
  return listsOf(levels)
    .map(({ tally }) => tally.of(scope))
    .filter((figures) => figures !== undefined);
}

/** A named namespace without any run has its own queue, so that its figures are 0 and not unknown. */
function queuesOf(lists: readonly (Figures | undefined)[], scope: string): readonly string[] {
  const queues = new Set(lists.flatMap((figures) => [...(figures?.phases.keys() ?? [])]));
  return queues.size === 0 ? [scope] : [...queues];
}

function phaseSamples(
  levels: Levels,
  { tally }: Listed,
  scope: string,
  phases: readonly Phase[],
): readonly { readonly labels: Record<'system' | 'source' | 'scope' | 'queue' | 'state', string>; value: number }[] {
  const figures = tally.of(scope);
  return queuesOf([figures], scope).flatMap((queue) =>
    phases.map((state) => ({
      labels: { ...labelsOf(levels), scope, queue, state },
      value: figures?.phases.get(queue)?.get(state) ?? 0,
    })),
  );
}

/**
 * A job is a TaskRun. A PipelineRun that has no TaskRun yet stands for its first one: a queue that nobody starts, or
 * that Kueue holds, would look empty without it.
 */
function queueFamilies(levels: Levels, scopes: readonly string[]): readonly MetricFamily[] {
  const states: readonly JobState[] =
    levels.taskRuns === undefined ? ['queued', 'blocked'] : ['queued', 'running', 'blocked'];
  const queues = scopes.flatMap((scope) =>
    queuesOf(figuresOf(levels, scope), scope).map((queue) => ({
      scope,
      queue,
      labels: { ...labelsOf(levels), scope, queue },
    })),
  );
  return [
    gauge(
      queueJobs,
      queues.flatMap(({ scope, queue, labels }) => {
        const jobs = jobsOf(levels, scope, queue);
        return states.map((state) => ({ labels: { ...labels, state }, value: jobs[state] }));
      }),
    ),
    gauge(
      queueOldestWait,
      queues.map(({ scope, queue, labels }) => {
        const waits = figuresOf(levels, scope).map(({ oldestWaitMs }) => oldestWaitMs.get(queue) ?? 0);
        return { labels, value: Math.max(0, greatest(waits) ?? 0) / 1000 };
      }),
    ),
  ];
}

function jobsOf(levels: Levels, scope: string, queue: string): Record<JobState, number> {
  const jobs = { queued: 0, running: 0, blocked: 0 };
  for (const { tally } of listsOf(levels)) {
    for (const [phase, count] of tally.of(scope)?.phases.get(queue) ?? []) {
      const state = jobStateOf(phase);
      // A PipelineRun that runs is no job: its TaskRuns are.
      if (tally.kind === 'taskruns' || state !== 'running') jobs[state] += count;
    }
  }
  return jobs;
}

function pipelineFamilies(levels: Levels, scopes: readonly string[]): readonly MetricFamily[] {
  const pipelines = scopes.flatMap((scope) => {
    const figures = levels.pipelineRuns.tally.of(scope);
    return [...(figures?.pipelines ?? [])].map((pipeline) => ({
      labels: { ...labelsOf(levels), scope, pipeline },
      open: figures?.open.filter((run) => run.pipeline === pipeline) ?? [],
      limitMs: Math.max(levels.stuckAfterMs, stuckFactor * (figures?.longestSuccessMs.get(pipeline) ?? 0)),
    }));
  });
  return [
    gauge(
      runsActive,
      pipelines.flatMap(({ labels, open }) =>
        runStates.map((state) => ({
          labels: { ...labels, state },
          value: open.filter(({ phase }) => runStateOf(phase) === state).length,
        })),
      ),
    ),
    gauge(
      runsStuck,
      pipelines.map(({ labels, open, limitMs }) => ({
        labels,
        // What somebody holds back is not stuck.
        value: open.filter(({ phase, ageMs }) => phase !== 'pending' && ageMs > limitMs).length,
      })),
    ),
  ];
}

function retained(levels: Levels): MetricFamily {
  return gauge(
    retainedObjects,
    listsOf(levels)
      .filter(({ isComplete }) => isComplete)
      .map(({ tally }) => ({
        labels: { ...labelsOf(levels), object: tally.kind },
        value: [...tally.namespaces()].reduce((sum, scope) => sum + (tally.of(scope)?.retained ?? 0), 0),
      })),
  );
}
