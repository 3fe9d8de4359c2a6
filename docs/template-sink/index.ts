/** The registry entry for `lambda/sinks/index.ts`; data only, because the stack and the documentation read it, too. */
import { collectHttpSecrets } from '../../lambda/http/settings.ts';
import { defineSink } from '../../lambda/sinks/sink.ts';
import { ExampleConfig } from './config.ts';

export const example = defineSink({
  kind: 'example',
  title: 'Example',
  config: ExampleConfig,
  secretsOf: collectHttpSecrets,
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createExample,
});
