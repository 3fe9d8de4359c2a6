/** What CloudWatch stores of the metrics that the sink `otlp` really sends, as series of Prometheus. */
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { otlpSink } from '../../sinks/otlp/harness.ts';
import { batchOf } from '../../sinks/remote-write/batches.ts';
import { startOtlpFake } from '../../support/backends/otlp-fake.ts';

export interface StoredSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The collector that the harness of the sink runs in: a stack whose alarms are to find the series has its name. */
export const storingCollector = 'ci';

/** Attributes of points keep their names, and those of the resource stand behind `@resource.`. */
export async function seriesStoredOf(
  families: readonly MetricFamily[],
  settings: object = {},
): Promise<readonly StoredSeries[]> {
  await using receiver = await startOtlpFake();
  const preset = { preset: 'cloudwatch', auth: { sigv4: { region: 'eu-west-1' } } };
  await using sink = otlpSink({ ...preset, ...settings, url: receiver.url });
  const { problems } = await sink.write(batchOf(families));
  const faults = [...problems.map(({ message }) => message), ...receiver.faults];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return receiver.requests
    .flatMap(({ series }) => series)
    .map(({ metric, attributes, resource }) => ({
      name: metric.name,
      labels: {
        ...attributes,
        ...Object.fromEntries(Object.entries(resource).map(([key, value]) => [`@resource.${key}`, value])),
      },
    }));
}

/** As promtool takes it. */
export function textOfSeries({ name, labels }: StoredSeries): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`);
  return `{${[JSON.stringify(name), ...pairs].join(',')}}`;
}
