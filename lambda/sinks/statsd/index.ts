/** The registry entry of the sink; the code, and with it UDP, is loaded only where it is configured. */
import { defineSink } from '../sink.ts';
import { StatsdConfig } from './config.ts';

export const statsd = defineSink({
  kind: 'statsd',
  title: 'StatsD',
  config: StatsdConfig,
  secretsOf: () => [],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createStatsd,
});
