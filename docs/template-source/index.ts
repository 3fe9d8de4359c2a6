import { secretsOfHttp } from '../../lambda/http/settings.ts';
import { defineSource } from '../../lambda/sources/source.ts';
import { ExampleConfig } from './config.ts';
import { exampleMetrics } from './metrics.ts';

/** The line for `lambda/sources/index.ts`; data only, for the stack and the documentation read it as well. */
export const example = defineSource({
  kind: 'example',
  system: 'example',
  title: 'Example',
  config: ExampleConfig,
  metrics: exampleMetrics,
  metricsOf: () => exampleMetrics,
  secretsOf: secretsOfHttp,
  needsState: () => false,
  load: async () => (await import('./collect.ts')).createExample,
});
