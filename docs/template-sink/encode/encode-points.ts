/** Makes the points of a batch; what the backend would refuse is left out and reported. */
import { matchSelection } from '../../../lambda/settings/glob.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { Labels, MetricFamily } from '../../../lambda/model/metric.ts';
import { collectFindings, type Finding } from '../../../lambda/series/losses/findings.ts';
import type { ExampleConfig } from '../config.ts';

/** One figure as the backend keeps it. It adds up increases and observations, and shows the newest level. */
export interface Point {
  readonly name: string;
  readonly labels: Labels;
  readonly kind: 'level' | 'increase' | 'observations';
  /** Epoch milliseconds. */
  readonly timeMs: number;
  /** One of a level or an increase, each one of a distribution. */
  readonly values: readonly number[];
}

/** Why the backend would not take a point; `number`: not a finite one. */
export type FindingReason = 'number';

export interface Encoding {
  /** Levels first: then one request at most has both, and all others may be repeated or may not. */
  readonly points: readonly Point[];
  readonly findings: readonly Finding<FindingReason>[];
  /** Increases among what was left out. */
  readonly lostIncreases: number;
}

export interface EncodeSettings {
  readonly config: Pick<ExampleConfig, 'metrics'>;
  /** Name of the deployment. */
  readonly collector: string;
}

export function isAddedUp({ kind }: Point): boolean {
  return kind !== 'level';
}

/** Pure: the same batch gives the same points, for the dry run as for the delivery. */
export function encodePoints({ sources, health, tickMs }: Batch, { config, collector }: EncodeSettings): Encoding {
  const isSelected = matchSelection(config.metrics ?? {});
  const families = [...sources.flatMap((output) => output.families), ...health];
  const points = families
    .filter(({ definition }) => isSelected(definition.name))
    .flatMap((family) => extractPoints(family, tickMs, collector));
  const findings = collectFindings<FindingReason>();
  const good = points.filter(isStorable);
  const bad = points.filter((point) => !isStorable(point));
  for (const { name } of bad) findings.note('number', name, () => name);
  return {
    points: [...good.filter((point) => !isAddedUp(point)), ...good.filter(isAddedUp)],
    findings: findings.list(),
    lostIncreases: bad.filter(isAddedUp).length,
  };
}

/** A backend that adds up takes a missing increase for 0, so counters that did not change are not sent. */
function extractPoints(family: MetricFamily, timeMs: number, collector: string): readonly Point[] {
  const { name } = family.definition;
  const addLabels = (labels: Labels): Labels => ({ collector, ...labels });
  switch (family.type) {
    case 'gauge':
      return family.samples.map(({ labels, value }) => ({
        ...{ name, labels: addLabels(labels), timeMs },
        kind: 'level',
        values: [value],
      }));
    case 'counter':
      return family.samples
        .filter(({ increase }) => increase !== 0)
        .map(({ labels, increase }) => ({
          ...{ name, labels: addLabels(labels), timeMs },
          kind: 'increase',
          values: [increase],
        }));
    case 'distribution':
      return family.samples
        .filter(({ observations }) => observations.length > 0)
        .map(({ labels, observations }) => ({
          ...{ name, labels: addLabels(labels), timeMs },
          kind: 'observations',
          values: observations,
        }));
  }
}

/** JSON has neither NaN nor infinities. */
function isStorable({ values }: Point): boolean {
  return values.every(Number.isFinite);
}
