/** Writes samples as lines of JSON, one object a sample. */
import type { MetricFamily } from '../model/metric.ts';
import type { RelayedFamily } from '../model/relayed.ts';

/** One JSON object a sample: time, metric, type, unit, labels and the value of its kind. Ends with a line feed. */
export function writeJsonLines(
  families: readonly MetricFamily[],
  collectedAtMs: number,
  relayed: readonly RelayedFamily[] = [],
): string {
  const time = new Date(collectedAtMs).toISOString();
  const own = families.flatMap((family) => {
    const { name: metric, unit } = family.definition;
    return family.samples.map(
      (sample) => `${JSON.stringify({ time, metric, type: family.type, unit, ...sample }, spellNumber)}\n`,
    );
  });
  const passedOn = relayed.flatMap(({ type, samples }) =>
    samples.map(({ name: metric, ...sample }) => `${JSON.stringify({ time, metric, type, ...sample }, spellNumber)}\n`),
  );
  return [...own, ...passedOn].join('');
}

/** JSON has no such numbers and would write null, which reads as "unknown"; Prometheus' HTTP API spells them so too. */
function spellNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
