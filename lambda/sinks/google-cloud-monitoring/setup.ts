/** What follows from the configuration alone, worked out once a process. */
import { createGoogleTokens, type GoogleTokens } from '../../http/auth/google/access-tokens.ts';
import { whereOf } from '../../http/where.ts';
import type { SinkPorts } from '../sink.ts';
import type { GoogleCloudMonitoringConfig } from './config.ts';
import type { EncodeSettings } from './encode/encode-points.ts';
import type { RequestSettings } from './encode/encode-requests.ts';

export type Collection = 'timeSeries' | 'metricDescriptors';

export interface Setup {
  readonly config: GoogleCloudMonitoringConfig;
  readonly ports: SinkPorts;
  /** Where the requests of a collection go. */
  readonly buildAddress: (collection: Collection) => URL;
  /** For problems: which sink, and where it sends points to. */
  readonly where: string;
  /** The same for descriptors. */
  readonly descriptorsWhere: string;
  readonly tokens: GoogleTokens;
  readonly encode: EncodeSettings;
  readonly resources: RequestSettings['resources'];
}

/** Cloud Monitoring API, OAuth scopes: descriptors and points, and nothing else. */
const scope = 'https://www.googleapis.com/auth/monitoring.write';

export function setUp(config: GoogleCloudMonitoringConfig, ports: SinkPorts): Setup {
  const { project, location } = config;
  const { collector, redactor } = ports;
  const base = config.url.replace(/\/+$/, '');
  const buildAddress = (collection: Collection): URL => new URL(`${base}/v3/projects/${project}/${collection}`);
  const formatWhere = (collection: Collection): string =>
    `google-cloud-monitoring/${config.name} ${whereOf('POST', buildAddress(collection))}`;
  const labels = { project_id: project };
  return {
    config,
    ports,
    buildAddress,
    where: formatWhere('timeSeries'),
    descriptorsWhere: formatWhere('metricDescriptors'),
    tokens: createGoogleTokens(config.auth, scope, {
      ...ports,
      rememberSecret: (value) => {
        redactor?.remember(value);
      },
    }),
    encode: { config },
    resources: {
      // Each deployment is a task of its own: two of them never write one series, and the 200,000 active series that
      // a resource may have are its own.
      task: {
        type: 'generic_task',
        labels: { ...labels, location, namespace: 'ci', job: 'ci-metrics-collector', task_id: collector },
      },
      global: { type: 'global', labels },
    },
  };
}
