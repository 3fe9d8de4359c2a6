/** Gives every series something that was added, for a price that is of all series and not of those that one run changed. */
import type { Batch } from '../batch.ts';
import type { MetricFamily } from '../metric.ts';

/** With a value where nothing was added, so that every series is sent. */
export function addStandIns(family: MetricFamily): MetricFamily {
  if (family.type === 'counter')
    return {
      ...family,
      samples: family.samples.map((sample) => (sample.increase === 0 ? { ...sample, increase: 1 } : sample)),
    };
  if (family.type !== 'distribution') return family;
  const samples = family.samples.map((sample) =>
    sample.observations.length > 0 ? sample : { ...sample, observations: [0] },
  );
  return { ...family, samples };
}

/** The same for all families of a batch. */
export function addStandInsToBatch(batch: Batch): Batch {
  return {
    ...batch,
    sources: batch.sources.map((source) => ({ ...source, families: source.families.map(addStandIns) })),
    health: batch.health.map(addStandIns),
  };
}
