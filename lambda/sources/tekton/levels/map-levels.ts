/** Turns the figures of the lists into gauges: runs by state, jobs by queue, waits, stuck and unseen runs. */
import { queueJobs, queueOldestWait } from '../../../model/catalogue/queue-metrics.ts';
import { findGreatest } from '../../../model/lists/extremes.ts';
import { buildGauge, type Labels, type MetricFamily } from '../../../model/metric.ts';
import { runsActive, runsStuck, runStates } from '../../../model/catalogue/run-metrics.ts';
import { pipelineRuns, retainedObjects, taskRuns, unseenRuns } from '../metrics.ts';
import { type Phase, pipelineRunPhases, taskRunPhases } from '../cluster/reasons.ts';
import { jobStateOf, type JobState, runStateOf } from '../cluster/state.ts';
import type { Figures, Tally } from './tally.ts';
import type { QueueLabel } from '../../../model/catalogue/identity-labels.ts';

/** One kind of run as it was read: its figures, and how far the list came. */
export interface ListedRuns {
  readonly tally: Tally;
  /** Whether everything of a namespace was read; a namespace without runs was, if its list was. */
  readonly covers: (namespace: string) => boolean;
  readonly isComplete: boolean;
}

export interface Levels {
  readonly source: string;
  readonly pipelineRuns: ListedRuns;
  /** Absent where TaskRuns are not read. */
  readonly taskRuns?: ListedRuns | undefined;
  /** Namespaces that are configured by name: they are there, whether or not they have runs. */
  readonly named: readonly string[];
  readonly stuckAfterMs: number;
}

/** More than twice the longest success that is still retained is far longer than usual. */
const stuckFactor = 2;

/** What goes on in the cluster, as families of the model. What was not read completely is absent. */
export function mapLevels(levels: Levels): readonly MetricFamily[] {
  const { pipelineRuns: runs, taskRuns: tasks } = levels;
  const scopes = collectNamespaces(levels);
  const ofRuns = scopes.filter((scope) => runs.covers(scope));
  const ofBoth = tasks === undefined ? ofRuns : ofRuns.filter((scope) => tasks.covers(scope));
  const families = [
    buildGauge(
      pipelineRuns,
      ofRuns.flatMap((scope) => mapPhases(levels, runs, scope, pipelineRunPhases)),
    ),
    ...(tasks === undefined
      ? []
      : [
          buildGauge(
            taskRuns,
            scopes
              .filter((scope) => tasks.covers(scope))
              .flatMap((scope) => mapPhases(levels, tasks, scope, taskRunPhases)),
          ),
        ]),
    ...mapQueues(levels, ofBoth),
    ...mapPipelines(levels, ofRuns),
    buildGauge(
      unseenRuns,
      ofBoth.map((scope) => ({
        labels: { ...buildLabels(levels), scope },
        value: collectFigures(levels, scope).reduce((sum, { unseen }) => sum + unseen, 0),
      })),
    ),
    mapRetained(levels),
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

function buildLabels({ source }: Levels): { readonly system: string; readonly source: string } {
  return { system: 'tekton', source };
}

function selectLists({ pipelineRuns: runs, taskRuns: tasks }: Levels): readonly ListedRuns[] {
  return tasks === undefined ? [runs] : [runs, tasks];
}

function collectNamespaces(levels: Levels): readonly string[] {
  const seen = selectLists(levels).flatMap(({ tally }) => [...tally.namespaces()]);
  return [...new Set([...levels.named, ...seen])].sort();
}

function collectFigures(levels: Levels, scope: string): readonly Figures[] {
  return selectLists(levels)
    .map(({ tally }) => tally.of(scope))
    .filter((figures) => figures !== undefined);
}

/** A named namespace without any run has its own queue, so that its figures are 0 and not unknown. */
function collectQueues(lists: readonly (Figures | undefined)[], scope: string): readonly string[] {
  const queues = new Set(lists.flatMap((figures) => [...(figures?.phases.keys() ?? [])]));
  return queues.size === 0 ? [scope] : [...queues];
}

function mapPhases(
  levels: Levels,
  { tally }: ListedRuns,
  scope: string,
  phases: readonly Phase[],
): readonly { readonly labels: Labels<QueueLabel | 'state'>; value: number }[] {
  const figures = tally.of(scope);
  return collectQueues([figures], scope).flatMap((queue) =>
    phases.map((state) => ({
      labels: { ...buildLabels(levels), scope, queue, state },
      value: figures?.phases.get(queue)?.get(state) ?? 0,
    })),
  );
}

/**
 * A job is a TaskRun. A PipelineRun that has no TaskRun yet stands for its first one: a queue where nothing starts, or
 * that Kueue holds, would look empty without it.
 */
function mapQueues(levels: Levels, scopes: readonly string[]): readonly MetricFamily[] {
  const states: readonly JobState[] =
    levels.taskRuns === undefined ? ['queued', 'blocked'] : ['queued', 'running', 'blocked'];
  const queues = scopes.flatMap((scope) =>
    collectQueues(collectFigures(levels, scope), scope).map((queue) => ({
      scope,
      queue,
      labels: { ...buildLabels(levels), scope, queue },
    })),
  );
  return [
    buildGauge(
      queueJobs,
      queues.flatMap(({ scope, queue, labels }) => {
        const jobs = sumJobs(levels, scope, queue);
        return states.map((state) => ({ labels: { ...labels, state }, value: jobs[state] }));
      }),
    ),
    buildGauge(
      queueOldestWait,
      queues.map(({ scope, queue, labels }) => {
        const waits = collectFigures(levels, scope).map(({ oldestWaitMs }) => oldestWaitMs.get(queue) ?? 0);
        return { labels, value: Math.max(0, findGreatest(waits) ?? 0) / 1000 };
      }),
    ),
  ];
}

function sumJobs(levels: Levels, scope: string, queue: string): Record<JobState, number> {
  const jobs = { queued: 0, running: 0, blocked: 0 };
  for (const { tally } of selectLists(levels)) {
    for (const [phase, count] of tally.of(scope)?.phases.get(queue) ?? []) {
      const state = jobStateOf(phase);
      // A PipelineRun that runs is no job: its TaskRuns are.
      if (tally.kind === 'taskruns' || state !== 'running') jobs[state] += count;
    }
  }
  return jobs;
}

function mapPipelines(levels: Levels, scopes: readonly string[]): readonly MetricFamily[] {
  const pipelines = scopes.flatMap((scope) => {
    const figures = levels.pipelineRuns.tally.of(scope);
    return [...(figures?.pipelines ?? [])].map((pipeline) => ({
      labels: { ...buildLabels(levels), scope, pipeline },
      open: figures?.open.filter((run) => run.pipeline === pipeline) ?? [],
      limitMs: Math.max(levels.stuckAfterMs, stuckFactor * (figures?.longestSuccessMs.get(pipeline) ?? 0)),
    }));
  });
  return [
    buildGauge(
      runsActive,
      pipelines.flatMap(({ labels, open }) =>
        runStates.map((state) => ({
          labels: { ...labels, state },
          value: open.filter(({ phase }) => runStateOf(phase) === state).length,
        })),
      ),
    ),
    buildGauge(
      runsStuck,
      pipelines.map(({ labels, open, limitMs }) => ({
        labels,
        // What is held back on purpose is not stuck.
        value: open.filter(({ phase, ageMs }) => phase !== 'pending' && ageMs > limitMs).length,
      })),
    ),
  ];
}

function mapRetained(levels: Levels): MetricFamily {
  return buildGauge(
    retainedObjects,
    selectLists(levels)
      .filter(({ isComplete }) => isComplete)
      .map(({ tally }) => ({
        labels: { ...buildLabels(levels), object: tally.kind },
        value: [...tally.namespaces()].reduce((sum, scope) => sum + (tally.of(scope)?.retained ?? 0), 0),
      })),
  );
}
