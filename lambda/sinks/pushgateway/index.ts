/** The registry entry: which secrets a configuration needs, and where its code is. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { PushgatewayConfig } from './config.ts';

export const pushgateway = defineSink({
  kind: 'pushgateway',
  title: 'Prometheus Pushgateway',
  config: PushgatewayConfig,
  secretsOf: collectHttpSecrets,
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createPushgateway,
});
