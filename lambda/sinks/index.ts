/** The registry of sinks: every kind that a configuration can name. */
import { cloudwatch } from './cloudwatch/index.ts';
import { datadog } from './datadog/index.ts';
import { file } from './file/index.ts';
import { googleCloudMonitoring } from './google-cloud-monitoring/index.ts';
import { newRelic } from './new-relic/index.ts';
import { otlp } from './otlp/index.ts';
import { pushgateway } from './pushgateway/index.ts';
import { remoteWrite } from './remote-write/index.ts';
import { scrapePage } from './scrape-page/index.ts';
import type { PreparedSink, RegisteredSink } from './sink.ts';
import { statsd } from './statsd/index.ts';
import { stdout } from './stdout/index.ts';

/** Every sink there is, alphabetical: one folder and one line each. */
export const sinks = [
  cloudwatch,
  datadog,
  file,
  googleCloudMonitoring,
  newRelic,
  otlp,
  pushgateway,
  remoteWrite,
  scrapePage,
  statsd,
  stdout,
] as const satisfies readonly RegisteredSink[];

export type SinkKind = (typeof sinks)[number]['kind'];

/** @throws z.ZodError for a configuration that does not fit its kind. */
export function prepareSink(raw: Readonly<Record<string, unknown>>): PreparedSink {
  const registered = sinks.find(({ kind }) => kind === raw['kind']);
  if (registered === undefined) throw new RangeError(`no sink of kind ${String(raw['kind'])}`);
  return registered.prepare(raw);
}
