/** The registry entry of the file. */
import { defineSink } from '../sink.ts';
import { FileConfig } from './config.ts';

export const file = defineSink({
  kind: 'file',
  title: 'File',
  config: FileConfig,
  secretsOf: () => [],
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createFile,
});
