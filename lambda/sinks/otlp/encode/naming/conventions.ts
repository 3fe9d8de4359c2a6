/** Maps metrics to OpenTelemetry's conventions for CI/CD, and to similar names where there are none. */
import { isFailedResult } from '../../../../model/catalogue/results.ts';
import type { Labels, MetricDefinition } from '../../../../model/metric.ts';
import type { MetricMapping } from './metric-mapping.ts';
import { formatUnit } from '../../../../model/for-sinks/ucum.ts';

/** Of the conventions that the names below are taken from; a receiver may translate them to those of another version. */
export const schemaUrl = 'https://opentelemetry.io/schemas/1.43.0';

/**
 * Labels by their attribute. What the conventions have no name for gets one under `ci.`: nothing may be added under
 * `cicd.` or `vcs.`.
 */
const attributeNames: Readonly<Record<string, string>> = {
  queue: 'ci.queue.name',
  pipeline: 'cicd.pipeline.name',
  error: 'error.type',
  attempt: 'ci.run.attempt',
  rank: 'ci.quantile',
};

interface Convention {
  readonly name: string;
  readonly unit: string;
  readonly kind?: 'up-down';
  /** Labels that are called otherwise in this metric. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Values of a label that the convention has another word for. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly added?: Labels;
  /** Whether `error.type` says how a run failed. */
  readonly error?: 'also' | 'only';
}

const result = { result: 'cicd.pipeline.result' } as const;
const runState = 'cicd.pipeline.run.state';

/** Metrics of the collector by what they are in the conventions (semantic-conventions, model/cicd/metrics.yaml). */
export const conventions: Readonly<Record<string, readonly Convention[]>> = {
  ci_run_duration_seconds: [
    {
      name: 'cicd.pipeline.run.duration',
      unit: 's',
      labels: result,
      added: { [runState]: 'executing' },
      error: 'also',
    },
  ],
  ci_run_wait_seconds: [{ name: 'cicd.pipeline.run.duration', unit: 's', added: { [runState]: 'pending' } }],
  ci_runs_active: [{ name: 'cicd.pipeline.run.active', unit: '{run}', kind: 'up-down', labels: { state: runState } }],
  ci_workers: [
    {
      name: 'cicd.worker.count',
      unit: '{worker}',
      kind: 'up-down',
      labels: { state: 'cicd.worker.state' },
      values: { state: { idle: 'available' } },
    },
  ],
  ci_system_errors_total: [
    { name: 'cicd.system.errors', unit: '{error}', labels: { component: 'cicd.system.component' } },
  ],
  ci_runs_total: [
    { name: 'ci.runs', unit: '{run}', labels: result },
    { name: 'cicd.pipeline.run.errors', unit: '{error}', error: 'only' },
  ],
  ci_run_active_duration_seconds: [{ name: 'ci.run.active_duration', unit: 's', labels: result, error: 'also' }],
  ci_queue_jobs: [{ name: 'ci.queue.jobs', unit: '{job}', labels: { state: 'ci.job.state' } }],
  ci_jobs_total: [{ name: 'ci.jobs', unit: '{job}', labels: { result: 'cicd.pipeline.task.run.result' } }],
  ci_job_duration_seconds: [
    { name: 'ci.job.duration', unit: 's', labels: { result: 'cicd.pipeline.task.run.result' } },
  ],
};

/** What the conventions call a metric; other names of the collector become dotted, and those of others stay. */
export function mapToConventions({ name, unit }: MetricDefinition): readonly MetricMapping[] {
  const known = conventions[name];
  if (known === undefined)
    return [{ name: formatDotted(name), unit: formatUnit(name, unit), mapLabels: createLabelMapping({}) }];
  return known.map((convention) => ({
    name: convention.name,
    unit: convention.unit,
    ...(convention.kind === undefined ? {} : { kind: convention.kind }),
    mapLabels: createLabelMapping(convention),
  }));
}

/** `ci_queue_oldest_wait_seconds` is `ci.queue.oldest_wait`: units and `total` are no part of such names. */
function formatDotted(name: string): string {
  const words = /^ci_([a-z]+)(?:_(.+?))?(?:_timestamp)?(?:_(?:seconds|bytes|ratio))?(?:_total)?$/.exec(name);
  if (words === null) return name;
  return ['ci', words[1], words[2]].filter((word) => word !== undefined).join('.');
}

type Attributing = Pick<Convention, 'labels' | 'values' | 'added' | 'error'>;

function createLabelMapping(convention: Attributing): (labels: Labels) => Labels | undefined {
  const { labels: renamed = {}, values = {}, added, error } = convention;
  // Where only errors are sent, their type says the same as the result.
  const leftOut = error === 'only' ? 'result' : undefined;
  const findKey = createKeyFinder(renamed);
  return (labels) => {
    const failedResult = error === undefined ? undefined : findFailedResult(labels);
    if (error === 'only' && failedResult === undefined) return undefined;
    const attributes: Record<string, string> = { ...added };
    for (const [label, value] of Object.entries(labels))
      if (label !== leftOut) attributes[findKey(label)] = values[label]?.[value] ?? value;
    if (failedResult !== undefined) attributes['error.type'] = failedResult;
    Object.assign(attributes, mapRepository(labels));
    return attributes;
  };
}

/** Asked for thousands of samples, so that each label's key is made once. */
function createKeyFinder(renamed: Readonly<Record<string, string>>): (label: string) => string {
  const keys = new Map<string, string>();
  return (label) => {
    const known = keys.get(label);
    if (known !== undefined) return known;
    const key = renamed[label] ?? attributeNames[label] ?? `ci.${label}`;
    keys.set(label, key);
    return key;
  };
}

function findFailedResult({ result: outcome }: Labels): string | undefined {
  return outcome !== undefined && isFailedResult(outcome) ? outcome : undefined;
}

/** A scope of Bitbucket is a repository, for which the conventions have names; other systems do not name theirs. */
export function mapRepository({ system, scope }: Labels): Labels {
  if (system !== 'bitbucket' || scope === undefined || scope === '') return {};
  return { 'vcs.provider.name': 'bitbucket', 'vcs.repository.name': scope };
}
