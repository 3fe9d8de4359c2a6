/** Batches of a few series for tests of the sink `remote-write`. */
import type { Batch, SourceOutput } from '../../../lambda/model/batch.ts';
import type {
  CounterFamily,
  CounterSample,
  DistributionFamily,
  DistributionSample,
  GaugeFamily,
  GaugeSample,
  MetricDefinition,
  MetricFamily,
} from '../../../lambda/model/metric.ts';

import type { RelayedFamily, RelayedSample } from '../../../lambda/model/relayed.ts';

/** A definition with only what remote write looks at. */
function definition<Type extends MetricDefinition['type']>(
  type: Type,
  name: string,
  more: Partial<MetricDefinition<Type>> = {},
): MetricDefinition<Type> {
  return {
    name,
    help: `Help of ${name}.`,
    type,
    unit: 'count',
    labels: [],
    combination: 'sum',
    cloudWatch: { namespace: 'neutral', name: 'Test', unit: 'Count', dimensionSets: [], statistic: 'Maximum' },
    ...more,
  };
}

export function gaugeOf(
  name: string,
  samples: readonly GaugeSample[],
  more?: Partial<MetricDefinition<'gauge'>>,
): GaugeFamily {
  return { type: 'gauge', definition: definition('gauge', name, more), samples };
}

export function counterOf(name: string, samples: readonly CounterSample[]): CounterFamily {
  return { type: 'counter', definition: definition('counter', name), samples };
}

export function distributionOf(name: string, samples: readonly DistributionSample[]): DistributionFamily {
  return { type: 'distribution', definition: definition('distribution', name, { unit: 'seconds' }), samples };
}

/** A gauge of another system's page, as it was read. */
export function relayedOf(name: string, samples: readonly Omit<RelayedSample, 'name'>[]): RelayedFamily {
  return {
    name,
    type: 'gauge',
    help: '',
    about: 'target',
    samples: samples.map((sample) => ({ name, ...sample })),
  };
}

export function partOf(families: readonly MetricFamily[], more: Partial<SourceOutput> = {}): SourceOutput {
  return { system: 'buildkite', source: 'main', status: 'complete', families, ...more };
}

export function batchOf(families: readonly MetricFamily[], more: Partial<Batch> = {}): Batch {
  const collectedAtMs = Date.now();
  return { tickMs: collectedAtMs, collectedAtMs, sources: [partOf(families)], health: [], ...more };
}

/** `count` series of one gauge, `q0000` upwards. */
export function queues(count: number, name = 'ci_queue_jobs'): GaugeFamily {
  const samples = Array.from({ length: count }, (_, index) => ({
    labels: { queue: `q${String(index).padStart(4, '0')}` },
    value: index,
  }));
  return gaugeOf(name, samples);
}
