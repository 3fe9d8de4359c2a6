/** The registry entry: which secrets a configuration needs, and where its code is. */
import { secretsOfHttp } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { NewRelicConfig } from './config.ts';

export const newRelic = defineSink({
  kind: 'new-relic',
  title: 'New Relic',
  config: NewRelicConfig,
  secretsOf: (config) => [config.apiKey, ...secretsOfHttp(config)],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createNewRelic,
});
