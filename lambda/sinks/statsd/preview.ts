/** Shows what a delivery would send: the same lines in the same datagrams, without opening a socket. */
import type { Preview } from '../sink.ts';
import { packLines } from './encode/pack-datagrams.ts';
import type { Encoding } from './encode/encode-lines.ts';
import { describeFindings } from './send/problems.ts';

export function previewLines({ lines, findings }: Encoding, maxBytes: number, where: string): Preview {
  const datagrams = [...packLines(lines, maxBytes)];
  return {
    samples: lines.length,
    requests: datagrams.length,
    bytes: datagrams.reduce((sum, { body }) => sum + body.byteLength, 0),
    lines: lines.map(({ text }) => text.replace('\n', ' ')),
    monthlyCost: [],
    problems: describeFindings(findings, where),
  };
}
