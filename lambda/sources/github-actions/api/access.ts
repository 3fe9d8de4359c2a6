/** What a credential is to the requests: who asks, and a header that is made anew when it is refused. */
import type { HttpPort, TlsMaterial } from '../../../http/port.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Secret } from '../../../secrets/secret.ts';
import type { Secrets } from '../../../secrets/secrets.ts';

/** Who the collector is to GitHub. */
export interface Access {
  readonly kind: 'GitHub App' | 'token';
  /** The place of the secret, for messages. */
  readonly secret: string;
  /** Sends with the credential and, when it is refused (401), once more with a fresh one if there is one. */
  send<Result>(context: SendContext, send: (authorization: Secret) => Promise<Result>): Promise<Result>;
  /** What an installation was granted; undefined for a token, and before the first request. */
  granted(): Readonly<Record<string, string>> | undefined;
}

export interface SendContext {
  readonly deadline: Deadline;
  readonly tls: TlsMaterial | undefined;
}

export interface AccessPorts {
  readonly http: HttpPort;
  readonly secrets: Secrets;
  readonly clock: Clock;
}
