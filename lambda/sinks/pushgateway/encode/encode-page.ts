/** Makes the body of a push from the lines of a page. */
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { prometheusContentType } from '../../../exposition/write-prometheus-text.ts';

/** Below this, compression costs more than the bytes that it saves; gateways take gzip since 1.5.0. */
const compressFromBytes = 10_240;

interface EncodedPage {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A page as it is sent; compressed while it is written, so that a large one never is in memory as a whole. */
export async function encodePage(chunks: AsyncIterable<string>): Promise<EncodedPage> {
  const headers = { 'content-type': prometheusContentType };
  let start = '';
  let zip: Zip | undefined;
  for await (const chunk of chunks) {
    if (zip === undefined) start += chunk;
    else await zip.write(chunk);
    if (zip !== undefined || Buffer.byteLength(start) < compressFromBytes) continue;
    zip = startZip();
    await zip.write(start);
  }
  if (zip === undefined) return { body: Buffer.from(start), headers };
  return { body: await zip.end(), headers: { ...headers, 'content-encoding': 'gzip' } };
}

interface Zip {
  readonly write: (text: string) => Promise<void>;
  readonly end: () => Promise<Uint8Array>;
}

function startZip(): Zip {
  // The fastest level: these pages repeat themselves so much that the others gain a few percent for twice the time.
  const stream = createGzip({ level: 1 });
  const whole = buffer(stream);
  return {
    write: async (text) => {
      if (!stream.write(text)) await once(stream, 'drain');
    },
    end: () => {
      stream.end();
      return whole;
    },
  };
}
