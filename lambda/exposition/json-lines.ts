import type { MetricFamily } from '../model/metric.ts';

/** One JSON object a sample: time, metric, type, unit, labels and the value of its kind. Ends with a line feed. */
export function jsonLines(families: readonly MetricFamily[], collectedAtMs: number): string {
  const time = new Date(collectedAtMs).toISOString();
  return families
    .flatMap((family) => {
      const { name: metric, unit } = family.definition;
      return family.samples.map(
        (sample) => `${JSON.stringify({ time, metric, type: family.type, unit, ...sample }, spelled)}\n`,
      );
    })
    .join('');
}

/** JSON has no such numbers and would write null, which reads as "unknown"; Prometheus' HTTP API spells them so too. */
function spelled(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
