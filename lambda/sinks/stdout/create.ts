/** Makes the sink that prints each run. */
import { writePage, previewPage } from '../../exposition/write-page.ts';
import { describeWrite } from '../describe-write.ts';
import type { CreateSink } from '../sink.ts';
import type { StdoutConfig } from './config.ts';

/** Prints each run as a whole. */
export const createStdout: CreateSink<StdoutConfig> = (config, { print }) => {
  const where = `stdout/${config.name}`;
  return {
    write: async (batch) => {
      const { text, samples, problems } = await writePage(batch, config, where);
      print(text);
      return { accepted: samples, requests: 1, bytes: Buffer.byteLength(text), problems };
    },
    examine: () => Promise.resolve(describeWrite(where, 'is there', undefined)),
    preview: async (batch) => previewPage(await writePage(batch, config, where)),
  };
};
