/** What a source would send of a fleet, made from its definitions alone, so that a price needs no CI system. */
import { isAbsent } from '../../model/catalogue/absence.ts';
import type {
  CounterSample,
  DistributionSample,
  GaugeSample,
  Labels,
  MetricDefinition,
  MetricFamily,
} from '../../model/metric.ts';
import { durationBounds } from '../../model/catalogue/bounds.ts';
import type { PreparedSource } from '../../sources/source.ts';
import type { Fleet, FleetObject } from '../fleet.ts';

type ExpectedSource = Pick<PreparedSource, 'system' | 'name' | 'metrics' | 'absences' | 'unnamedPipeline'>;

/** Every family that the source usually has; values are of no meaning. */
export function buildExpectedFamilies(source: ExpectedSource, fleet: Fleet, tickMs: number): readonly MetricFamily[] {
  return source.metrics
    .map((definition) => buildFamily(definition, buildLabelSets(definition, source, fleet), tickMs))
    .filter(({ samples }) => samples.length > 0);
}

/** Label sets: what it is about, in every combination of the values that its other labels usually have. */
function buildLabelSets(definition: MetricDefinition, source: ExpectedSource, fleet: Fleet): readonly Labels[] {
  const known = { system: source.system, source: source.name, ...ofWhole };
  return selectObjects(definition, addUnnamed(fleet, source))
    .flatMap((object) => combineValues(definition, { ...known, ...object }, fleet))
    .filter((labels) => !isAbsent(source.absences, definition, labels, ['always', 'usually']));
}

/** Runs without a name of a pipeline stand together in each place. */
function addUnnamed(fleet: Fleet, { unnamedPipeline: name }: ExpectedSource): Fleet {
  if (name === undefined) return fleet;
  const unnamed = collectScopes(fleet.pipelines).map((scope) => ({ scope, name }));
  return { ...fleet, pipelines: [...fleet.pipelines, ...unnamed] };
}

/** Labels that have one value in a source. */
const ofWhole = { org: 'acme', instance: 'metrics:9090', job: 'metrics', currency: 'USD' } as const;

/** A label names an object: with it there is a sample for each, without it one for all of them. */
function selectObjects({ labels }: MetricDefinition, { queues, pipelines }: Fleet): readonly Labels[] {
  if (labels.includes('queue')) return queues.map(({ scope, name }) => ({ scope, cluster: scope, queue: name }));
  if (labels.includes('pipeline') || labels.includes('workflow')) return pipelines.map(buildPipelineLabels);
  if (labels.includes('cluster')) return collectScopes(queues).map((cluster) => ({ cluster }));
  if (labels.includes('scope')) return collectScopes([...queues, ...pipelines]).map((scope) => ({ scope }));
  return [{}];
}

function collectScopes(objects: readonly FleetObject[]): readonly string[] {
  return [...new Set(objects.map(({ scope }) => scope))];
}

/** A workflow runs by one kind of runner. */
function buildPipelineLabels({ scope, name }: FleetObject): Labels {
  return { scope, pipeline: name, workflow: name, runner: 'GITHUB_ACTION' };
}

function combineValues(definition: MetricDefinition, known: Labels, fleet: Fleet): readonly Labels[] {
  return definition.labels.reduce<readonly Labels[]>(
    (sets, label) => {
      const value = known[label];
      const values = value === undefined ? chooseValues(definition, label, fleet) : [value];
      return sets.flatMap((set) => values.map((one) => ({ ...set, [label]: one })));
    },
    [{}],
  );
}

function chooseValues({ labels, enumerated }: MetricDefinition, label: string, fleet: Fleet): readonly string[] {
  if (label === 'result') return labels.includes('queue') ? fleet.results.jobs : fleet.results.runs;
  if (label === 'branch') return ['main', 'other'];
  const listed = new Map(Object.entries(enumerated ?? {})).get(label);
  return listed ?? Array.from({ length: fleet.labelValues }, (_, index) => `${label}-${String(index + 1)}`);
}

const hourSeconds = 3600;

function buildFamily(definition: MetricDefinition, sets: readonly Labels[], tickMs: number): MetricFamily {
  const { type } = definition;
  if (type === 'gauge') {
    const value = definition.unit === 'timestamp' ? tickMs / 1000 - hourSeconds : 1;
    const samples = sets.map((labels): GaugeSample => ({ labels, value, share: { part: 1, whole: 2 } }));
    return { type, definition: { ...definition, type }, samples };
  }
  if (type === 'counter') {
    const total = { value: 1, startMs: tickMs };
    const samples = sets.map((labels): CounterSample => ({ labels, increase: 1, total }));
    return { type, definition: { ...definition, type }, samples };
  }
  const bounds = definition.bounds ?? durationBounds;
  const total = { bounds, counts: [1, ...bounds.map(() => 0)], sum: 1, startMs: tickMs };
  const samples = sets.map((labels): DistributionSample => ({ labels, observations: [1], total }));
  return { type, definition: { ...definition, type }, samples };
}
