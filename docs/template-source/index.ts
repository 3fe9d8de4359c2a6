/** The entry of this source in the registry: data only, for the stack and the documentation read it as well. */
import { collectHttpSecrets } from '../../lambda/http/settings.ts';
import { defineSource } from '../../lambda/sources/source.ts';
import { ExampleConfig } from './config.ts';
import { exampleMetrics } from './metrics.ts';

export const example = defineSource({
  kind: 'example',
  system: 'example',
  title: 'Example',
  config: ExampleConfig,
  metrics: exampleMetrics,
  metricsOf: () => exampleMetrics,
  secretsOf: collectHttpSecrets,
  needsState: () => false,
  load: async () => (await import('./collect.ts')).createExample,
});
