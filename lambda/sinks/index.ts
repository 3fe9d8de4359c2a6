/** The registry of the sinks: the list of every kind there is, and nothing else, because a bundle has a list of its own. */
import { cloudwatch } from './cloudwatch/index.ts';
import { datadog } from './datadog/index.ts';
import { file } from './file/index.ts';
import { googleCloudMonitoring } from './google-cloud-monitoring/index.ts';
import { newRelic } from './new-relic/index.ts';
import { otlp } from './otlp/index.ts';
import { pushgateway } from './pushgateway/index.ts';
import { remoteWrite } from './remote-write/index.ts';
import { scrapePage } from './scrape-page/index.ts';
import type { RegisteredSink } from './sink.ts';
import { statsd } from './statsd/index.ts';
import { stdout } from './stdout/index.ts';

/** Every sink there is, alphabetical: one folder and one line each. Its constant is its kind in camel case. */
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
