import { secretsOfHttp } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { PushgatewayConfig } from './config.ts';

export const pushgateway = defineSink({
  kind: 'pushgateway',
  title: 'Prometheus Pushgateway',
  config: PushgatewayConfig,
  secretsOf: secretsOfHttp,
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createPushgateway,
});
