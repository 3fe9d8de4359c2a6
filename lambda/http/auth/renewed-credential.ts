/** Keeps a credential that is made when it is needed and lives for an hour or so, for as long as the process is warm. */
import type { Clock } from '../../runtime/clock.ts';
import type { Secret } from '../../secrets/secret.ts';
import { HttpStatusError } from '../errors/errors.ts';
import { minuteMs } from '../../model/time.ts';

export interface Renewed {
  /** Value of the header `authorization`. */
  readonly authorization: Secret;
  /** When it was asked for. Epoch milliseconds. */
  readonly askedMs: number;
  /** From then on. Milliseconds. */
  readonly lifeMs: number;
}

export interface RenewedCredential<Context> {
  /** Sends with the credential and, when it is refused (401), once more with a new one. */
  readonly send: <Result>(context: Context, send: (authorization: Secret) => Promise<Result>) => Promise<Result>;
}

/** Renewed before its end, so that no request of a run meets one that has just expired. */
const renewBeforeMs = 5 * minuteMs;

/** A short life is not halved to nothing. */
function computeRenewAtMs({ askedMs, lifeMs }: Renewed): number {
  return askedMs + Math.max(lifeMs - renewBeforeMs, lifeMs / 2);
}

/** Never stored anywhere. */
export function createRenewedCredential<Context>(
  fetch: (context: Context) => Promise<Renewed>,
  clock: Clock,
): RenewedCredential<Context> {
  let current: Renewed | undefined;
  let coming: Promise<Renewed> | undefined;

  /** One request for all that wait for it. */
  const renew = async (context: Context): Promise<Renewed> => {
    coming ??= fetch(context).finally(() => {
      coming = undefined;
    });
    current = await coming;
    return current;
  };

  return {
    send: async (context, send) => {
      const used = current !== undefined && clock() < computeRenewAtMs(current) ? current : await renew(context);
      try {
        return await send(used.authorization);
      } catch (error) {
        if (!(error instanceof HttpStatusError) || error.status !== 401) throw error;
        // A neighbour that was refused too may have renewed it meanwhile.
        const fresh = current === used ? await renew(context) : (current ?? (await renew(context)));
        return send(fresh.authorization);
      }
    },
  };
}
