/** The work that no program can avoid: it parses what was read, and compresses what was sent. */
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { compress, uncompress } from 'snappyjs';
import { findLeast } from '../../lambda/model/lists/extremes.ts';

/** A body as it arrived. */
export interface ReceivedBody {
  /** Of the header `content-encoding`; undefined: not compressed. */
  readonly encoding: string | undefined;
  readonly body: Buffer;
}

interface Encoding {
  readonly compress: (plain: Uint8Array) => unknown;
  readonly decompress: (body: Buffer) => Uint8Array;
}

/** The fastest level, which the sinks use. */
const level = 1;

const encodings: Readonly<Record<string, Encoding>> = {
  gzip: { compress: (plain) => gzipSync(plain, { level }), decompress: (body) => gunzipSync(body) },
  deflate: { compress: (plain) => deflateSync(plain, { level }), decompress: (body) => inflateSync(body) },
  snappy: { compress, decompress: uncompress },
};

/** The least of a few is what the work takes: other programs only add to it, and the first rounds compile. */
const rounds = 5;

/**
 * CPU time in milliseconds of one run: parsing the answers once, and compressing once what it sent.
 * @param answers JSON that one run reads.
 * @param bodies What all the runs sent.
 */
export function measurePhysicalWork(answers: readonly string[], bodies: readonly ReceivedBody[], runs: number): number {
  const plain = bodies.flatMap(({ encoding = '', body }) => {
    const known = encodings[encoding];
    return known === undefined ? [] : [{ compress: known.compress, plain: known.decompress(body) }];
  });
  const times = Array.from({ length: rounds }, () => {
    const cpu = process.cpuUsage();
    for (let run = 0; run < runs; run += 1) for (const answer of answers) parseOnly(answer);
    for (const one of plain) one.compress(one.plain);
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1000;
  });
  return (findLeast(times) ?? 0) / runs;
}

function parseOnly(answer: string): void {
  JSON.parse(answer);
}
