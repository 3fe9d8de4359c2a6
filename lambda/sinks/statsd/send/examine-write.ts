/** Opens the way to the server and sends nothing, for the doctor: UDP has no answers, and an empty datagram is a fault. */
import { explainConnection } from '../../../http/errors/connection-reasons.ts';
import type { Finding } from '../../../model/finding.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeWrite } from '../../describe-write.ts';
import { openSocket, type UdpTarget } from './socket.ts';

export async function examineWrite(
  target: UdpTarget,
  where: string,
  { signal }: Deadline,
): Promise<readonly Finding[]> {
  try {
    const socket = await openSocket(target, signal);
    await socket[Symbol.asyncDispose]();
    return [
      {
        subject: 'write',
        where,
        verdict: 'unknown',
        message: 'the host is known; UDP has no answers, so that nobody can say whether anything listens there',
        remedy: 'run collect --once, and look for the figures at the server',
      },
    ];
  } catch (error) {
    return describeWrite(where, '', describeFailure(error, where));
  }
}

/** @throws the error itself where no network gives it: a bug. */
function describeFailure(error: unknown, where: string): Problem {
  if (!(error instanceof Error)) throw error;
  if ('code' in error && typeof error.code === 'string') {
    const { kind, reason } = explainConnection(error.code);
    return { kind, where, message: `${reason} (${error.code})` };
  }
  if (error.name !== 'TimeoutError' && error.name !== 'AbortError') throw error;
  return { kind: 'timeout', where, message: 'the name was not resolved in time; check the DNS' };
}
