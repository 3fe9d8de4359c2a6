/** Shows what a delivery would send: the same lines in the same datagrams, without opening a socket. */
import type { Preview } from '../sink.ts';
import { packLines } from './encode/pack-datagrams.ts';
import type { Encoding } from './encode/encode-lines.ts';
import { describeFindings } from './send/problems.ts';

export function previewLines({ lines, findings }: Encoding, maxBytes: number, where: string): Preview {
  const shown: string[] = [];
  let [requests, bytes] = [0, 0];
  for (const datagram of packLines(lines, maxBytes)) {
    requests += 1;
    bytes += datagram.body.byteLength;
    for (const { text } of datagram.lines) shown.push(text.replace('\n', ' '));
  }
  return {
    samples: shown.length,
    requests,
    bytes,
    lines: shown,
    monthlyCost: [],
    problems: describeFindings(findings(), where),
  };
}
