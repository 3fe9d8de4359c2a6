/** Makes problems of what was left out and what was never sent: one for each reason, with a remedy. */
import { ForbiddenAddressError } from '../../../http/transport/address.ts';
import type { Problem } from '../../../model/problem.ts';
import { explainRunEnd } from '../../../runtime/abort.ts';
import { formatCount } from '../../../model/text/wording.ts';
import { type Finding, describeFindingReasons } from '../../../series/losses/findings.ts';
import type { FindingReason } from '../encode/encode-lines.ts';

const reasonTexts: Readonly<Record<FindingReason, string>> = {
  number:
    'left out, for StatsD has neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
  size: 'left out, for one line is longer than `datagramBytes`; raise it where the whole way takes it, or use shorter names',
  collision:
    'left out, for another series has the same name once what StatsD does not take is cleaned; rename one of them',
  merged:
    'added up with another series, for both have the same name once what StatsD does not take is cleaned; rename one of them',
};

/** Samples that are not sent as they are. */
export function describeFindings(findings: readonly Finding<FindingReason>[], where: string): readonly Problem[] {
  return describeFindingReasons(findings, { reasonTexts, noun: 'sample', where });
}

export interface UnfinishedSend {
  readonly error: unknown;
  readonly handed: number;
  readonly unsent: number;
  readonly isRefused: boolean;
}

/** @throws what no network answers: a bug. */
export function describeUnfinishedSend({ error, handed, unsent, isRefused }: UnfinishedSend, where: string): Problem {
  const left = unsent === 0 ? '' : `${formatCount(unsent, 'line')} ${chooseVerb(unsent)} not sent; `;
  if (isAbort(error)) {
    const { past, remedy } = explainRunEnd({ reason: error });
    return { kind: 'timeout', where, message: `${left}${past}; ${remedy}` };
  }
  if (error instanceof ForbiddenAddressError)
    return {
      kind: 'configuration',
      where,
      message: `${left}${error.message}, to which nothing is sent; change \`host\``,
    };
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  if (isRefused) {
    const message = `${left}nothing listens there (ECONNREFUSED), and what was handed over before, ${formatCount(handed, 'line')}, is lost in all probability; start StatsD, or check \`host\` and \`port\``;
    return { kind: 'unavailable', where, message };
  }
  const { kind, reason } = reasons.get(error.code) ?? unknownReason;
  return { kind, where, message: `${left}${reason} (${error.code})` };
}

type Reason = Readonly<Pick<Problem, 'kind'>> & { readonly reason: string };

const unknownName: Reason = {
  kind: 'unavailable',
  reason: '`host` cannot be resolved; check it, and the DNS of the VPC',
};
const noRoute: Reason = {
  kind: 'unavailable',
  reason: 'there is no route to `host`; check it, and the subnets of the function',
};
const unknownReason: Reason = {
  kind: 'unavailable',
  reason: 'the network of this machine refused it; check `host` and `port`',
};

/** Node's codes. */
const reasons: ReadonlyMap<string, Reason> = new Map([
  ['ENOTFOUND', unknownName],
  ['EAI_AGAIN', unknownName],
  ['ENETUNREACH', noRoute],
  ['EHOSTUNREACH', noRoute],
  ['EMSGSIZE', { kind: 'configuration', reason: 'the network takes no datagram of this size; lower `datagramBytes`' }],
  ['EACCES', { kind: 'configuration', reason: 'this machine may not send there; check its firewall' }],
  ['EPERM', { kind: 'configuration', reason: 'this machine may not send there; check its firewall' }],
]);

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

function chooseVerb(count: number): string {
  return count === 1 ? 'was' : 'were';
}
