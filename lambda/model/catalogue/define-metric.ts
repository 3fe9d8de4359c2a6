/** How every metric is written, in the catalogue and in the sources: what follows from the rest is not said again. */
import type { CloudWatchShape, CloudWatchUnit, MetricDefinition, MetricType, Unit } from '../metric.ts';

type ShapeEntry<Label extends string> = Omit<CloudWatchShape<Label>, 'namespace' | 'unit'> &
  Partial<Pick<CloudWatchShape<Label>, 'namespace' | 'unit'>>;

/** The labels are those of `labels`: another one in a shape or an enumeration is a compile error. */
interface MetricEntry<Type extends MetricType, Label extends string> extends Omit<
  MetricDefinition<Type, Label>,
  'cloudWatch' | 'enumerated'
> {
  readonly enumerated?: MetricDefinition<Type, NoInfer<Label>>['enumerated'];
  /** Without a namespace it is `neutral`; without a unit it is the metric's. */
  readonly cloudWatch: ShapeEntry<NoInfer<Label>>;
}

/** Of values as they are; a ratio becomes a percentage only where the shape converts it. */
const cloudWatchUnits: Readonly<Record<Unit, CloudWatchUnit>> = {
  count: 'Count',
  seconds: 'Seconds',
  bytes: 'Bytes',
  percent: 'Percent',
  ratio: 'None',
  timestamp: 'Seconds',
  currency: 'None',
};

/** A definition with its whole shape in CloudWatch. */
export function defineMetric<const Type extends MetricType, const Label extends string>(
  metric: MetricEntry<Type, Label>,
): MetricDefinition<Type, Label> {
  const unit = metric.cloudWatch.conversion === 'percent' ? 'Percent' : cloudWatchUnits[metric.unit];
  return { ...metric, cloudWatch: { namespace: 'neutral', unit, ...metric.cloudWatch } };
}
