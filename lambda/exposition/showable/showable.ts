/** Selects the families that a page can show, and lists what it leaves out. */
import { append } from '../../model/lists/append.ts';
import { mergeFamilies } from '../../model/families/merge.ts';
import type { DistributionFamily, MetricFamily, RunningHistogram } from '../../model/metric.ts';
import type { OmissionReason, Omission } from '../omission.ts';

export interface Showable {
  /** In canonical order, each name and each series once, every counter and distribution with its running total. */
  readonly families: readonly MetricFamily[];
  readonly omissions: readonly Omission[];
}

/** Parts what a page can show from what would make its reader refuse the whole page. */
export function selectShowable(given: readonly MetricFamily[]): Showable {
  const families: MetricFamily[] = [];
  const omissions: Omission[] = [];
  const omit = (metric: string, samples: number, reason: OmissionReason): void => {
    if (samples > 0) omissions.push({ metric, samples, reason });
  };

  const types = new Map<string, MetricFamily['type']>();
  const named = given.filter((family) => {
    const { name } = family.definition;
    const reason = findNameProblem(family) ?? ((types.get(name) ?? family.type) === family.type ? undefined : 'type');
    if (reason === undefined) types.set(name, family.type);
    else omit(name, family.samples.length, reason);
    return reason === undefined;
  });
  const before = countByName(named);
  for (const family of mergeFamilies(named).families) {
    const { name } = family.definition;
    omit(name, (before.get(name) ?? 0) - family.samples.length, 'duplicate');
    append(families, keepWithTotals(family, omit));
  }
  return { families: families.filter(({ samples }) => samples.length > 0), omissions };
}

function countByName(families: readonly MetricFamily[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { definition, samples } of families)
    counts.set(definition.name, (counts.get(definition.name) ?? 0) + samples.length);
  return counts;
}

function keepWithTotals(
  family: MetricFamily,
  omit: (metric: string, samples: number, reason: OmissionReason) => void,
): readonly MetricFamily[] {
  if (family.type === 'gauge') return [family];
  const { name } = family.definition;
  if (family.type === 'counter') {
    const known = family.samples.filter(({ total }) => total !== undefined);
    omit(name, family.samples.length - known.length, 'no-total');
    return [{ ...family, samples: known }];
  }
  const known = family.samples.filter(({ total }) => total !== undefined);
  omit(name, family.samples.length - known.length, 'no-total');
  const sound = known.filter(({ total }) => total !== undefined && isSound(total));
  omit(name, known.length - sound.length, 'histogram');
  return [{ ...family, samples: sound } satisfies DistributionFamily];
}

function isSound({ bounds, counts }: RunningHistogram): boolean {
  const doAscend = bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? Infinity));
  return counts.length === bounds.length + 1 && doAscend && bounds.every(Number.isFinite);
}

/** Prometheus data model, "Metric names and labels"; names with `__` are its own. */
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export function isMetricName(name: string): boolean {
  return metricName.test(name);
}

export function isLabelName(name: string): boolean {
  return labelName.test(name);
}

/** Which names of other systems may stand on a page. */
export interface NameRules {
  readonly isMetricName: (name: string) => boolean;
  readonly isLabelName: (name: string) => boolean;
}

/** The names that every reader knows. */
export const classicNames: NameRules = { isMetricName, isLabelName };

/** Any name, in quotes, for readers that ask for it (Prometheus 3). */
export const utf8Names: NameRules = {
  isMetricName: (name) => name !== '',
  isLabelName: (name) => name !== '' && !name.startsWith('__'),
};

function findNameProblem({ type, definition, samples }: MetricFamily): OmissionReason | undefined {
  if (!metricName.test(definition.name)) return 'metric-name';
  const names = [...definition.labels, ...Object.keys(samples[0]?.labels ?? {})];
  const areAllowed = names.every((name) => labelName.test(name));
  // A histogram's own label.
  return areAllowed && !(type === 'distribution' && names.includes('le')) ? undefined : 'label-name';
}
