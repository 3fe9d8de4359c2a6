/** Metric definitions and arbitrary families for property-based tests. */
import * as fc from 'fast-check';
import type { GaugeFamily, Labels, MetricDefinition } from '../../lambda/model/metric.ts';

/** A gauge definition for tests; the shape in CloudWatch does not matter to the model. */
export function gaugeDefinition(overrides: Partial<MetricDefinition<'gauge'>> = {}): MetricDefinition<'gauge'> {
  return {
    name: 'ci_test_jobs',
    help: 'Jobs of a test.',
    type: 'gauge',
    unit: 'count',
    labels: ['system', 'source', 'queue', 'state'],
    enumerated: { state: ['idle', 'busy'] },
    combination: 'sum',
    cloudWatch: { namespace: 'neutral', name: 'TestJobs', unit: 'Count', dimensionSets: [], statistic: 'Maximum' },
    ...overrides,
  };
}

export function labelsOf(queue: string, state = 'idle'): Labels {
  return { system: 'buildkite', source: 'main', queue, state };
}

/** Names that collide where a key is built carelessly: separators, prefixes of each other, any script. */
const queueName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
  fc.constantFrom('a', 'aa', 'a;', 'a=1', '1:a', ';queue=1:a', '"', '\\', 'Ä', 'zz'),
);

/** A gauge family with every series once, whole values and queues that come in any order. */
export const gaugeFamily: fc.Arbitrary<GaugeFamily> = fc
  .uniqueArray(fc.tuple(queueName, fc.constantFrom('idle', 'busy')), {
    maxLength: 40,
    selector: ([queue, state]) => JSON.stringify([queue, state]),
  })
  .chain((series) =>
    fc.array(fc.nat(1000), { minLength: series.length, maxLength: series.length }).map((values) => ({
      type: 'gauge',
      definition: gaugeDefinition(),
      samples: series.map(([queue, state], index) => ({ labels: labelsOf(queue, state), value: values[index] ?? 0 })),
    })),
  );

export function totalOf({ samples }: GaugeFamily): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}
