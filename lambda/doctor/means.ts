/** What an examination needs of a process besides the pipeline itself. */
import type { ClockReading } from '../http/answers/server-clock.ts';
import type { AwsAccess } from '../http/auth/aws-credentials.ts';
import type { HttpPort } from '../http/port.ts';
import type { LoopbackPolicy } from '../http/transport/address.ts';
import type { ProxyFor } from '../http/transport/proxy.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { SecretRef } from '../secrets/secret-ref.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { ImpliedUrl } from '../sinks/sink.ts';

/** A source or sink as it is configured. */
export interface ConfiguredPart {
  /** `<kind>/<name in config>` */
  readonly id: string;
  /** As the configuration has them; they hold references to secrets and no values. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretRef[];
  /** Where it sends to although no setting has the URL. */
  readonly impliedUrl?: ImpliedUrl | undefined;
}

/** What is looked at, and by what means. */
export interface Means {
  readonly sources: readonly ConfiguredPart[];
  readonly sinks: readonly ConfiguredPart[];
  readonly secrets: Secrets;
  readonly aws: AwsAccess;
  /** For questions to AWS. */
  readonly http: HttpPort;
  readonly proxyFor: ProxyFor;
  readonly loopback: LoopbackPolicy;
  /** What the clocks of the sinks' servers have said. */
  readonly readSinkClocks: () => readonly ClockReading[];
}

export interface Examination {
  readonly deadline: Deadline;
  /** Of the running program, such as `v24.21.0`. */
  readonly nodeVersion: string;
  /** Whether sinks are asked to take something harmless; docs/doctor.md says what each is sent. */
  readonly writes: 'harmless' | 'none';
}
