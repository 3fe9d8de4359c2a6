/** The registry entry: which secrets a configuration needs, and where its code is. */
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { NewRelicConfig } from './config.ts';

export const newRelic = defineSink({
  kind: 'new-relic',
  title: 'New Relic',
  config: NewRelicConfig,
  secretsOf: (config) => [config.apiKey, ...collectHttpSecrets(config)],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createNewRelic,
});
