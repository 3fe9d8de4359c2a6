/** The registry entry: which secrets a configuration needs, and where its code is. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { DatadogConfig } from './config.ts';

export const datadog = defineSink({
  kind: 'datadog',
  title: 'Datadog',
  config: DatadogConfig,
  secretsOf: (config) => [config.apiKey, ...collectHttpSecrets(config)],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createDatadog,
});
