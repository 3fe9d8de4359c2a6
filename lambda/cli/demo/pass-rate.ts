/** Says how many of the finished builds passed, for the table of the demo. */
import type { Batch } from '../../model/batch.ts';
import type { CounterSample } from '../../model/metric.ts';
import { isVerdict } from '../../model/catalogue/results.ts';
import { runsFinished } from '../../model/catalogue/run-metrics.ts';
import { formatCount } from '../render/figures.ts';

/**
 * `120 builds finished: 87 % passed, 84 % at the first attempt`; undefined until one has. Attestations are left out: they
 * are of builds that their own system counts.
 */
export function formatPassRate({ sources: parts }: Batch): string | undefined {
  const samples = parts
    .flatMap(({ families }) => families)
    .flatMap((family) =>
      family.type === 'counter' && family.definition.name === runsFinished.name ? family.samples : [],
    )
    .filter(({ labels }) => labels['system'] !== 'chainloop');
  const finished = sumSamples(samples);
  if (finished === 0) return undefined;
  const judged = samples.filter(({ labels }) => isVerdict(labels['result'] ?? ''));
  const first = judged.filter(({ labels }) => labels['attempt'] === 'first');
  const rates = [
    ...formatPercent(judged).map((rate) => `${rate} passed`),
    ...formatPercent(first).map((rate) => `${rate} at the first attempt`),
  ];
  const counted = `${formatCount(finished, 'build')} finished`;
  return rates.length === 0 ? counted : `${counted}: ${rates.join(', ')}`;
}

function formatPercent(samples: readonly CounterSample[]): readonly string[] {
  const all = sumSamples(samples);
  if (all === 0) return [];
  const passed = sumSamples(samples.filter(({ labels }) => labels['result'] === 'success'));
  return [`${String(Math.round((100 * passed) / all))} %`];
}

/** Since counting began, where that is known; else of this run. */
function sumSamples(samples: readonly CounterSample[]): number {
  return samples.reduce((sum, { increase, total }) => sum + (total?.value ?? increase), 0);
}
