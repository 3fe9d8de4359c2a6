/** The registry entry of standard output. */
import { defineSink } from '../sink.ts';
import { StdoutConfig } from './config.ts';

export const stdout = defineSink({
  kind: 'stdout',
  title: 'Standard output',
  config: StdoutConfig,
  secretsOf: () => [],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createStdout,
});
