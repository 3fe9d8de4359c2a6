/** The line for `lambda/sinks/index.ts`; data only, for the stack and the documentation read it as well. */
import { secretsOfHttp } from '../../lambda/http/settings.ts';
import { defineSink } from '../../lambda/sinks/sink.ts';
import { ExampleConfig } from './config.ts';

export const example = defineSink({
  kind: 'example',
  title: 'Example',
  config: ExampleConfig,
  secretsOf: secretsOfHttp,
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createExample,
});
