/** Makes a sink as the wiring does, from its configuration, and lets a test run it against a receiver. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import type { Delivery, Parcel, PreparedSink, Sink, SinkPorts } from '../../../lambda/sinks/sink.ts';
import { canaries } from '../../support/canary.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { Receiver, ReceivedRequest, ReceiverBehaviour, SinkFacts } from './facts.ts';
import { createWired } from '../../support/wired.ts';

/** A sink and what the contract has to know of it. */
export interface TriedSubject {
  readonly kind: string;
  readonly prepare: (raw: object) => PreparedSink;
  readonly config: (url: string, folder: string) => object;
  readonly facts: SinkFacts;
  /** For a sink that is to break a rule: what it is made of instead of its usual ports, and what becomes of it. */
  readonly spoilPorts?: (ports: SinkPorts) => SinkPorts;
  readonly spoil?: (sink: Sink) => Sink;
}

export interface Trial extends AsyncDisposable {
  readonly sink: Sink;
  readonly write: (batch: Batch, budgetMs?: number) => Promise<Delivery>;
  /** As a later run does, whose parcels come out of the state as JSON. */
  readonly redeliver: (parcels: readonly Parcel[], budgetMs?: number) => Promise<Delivery>;
  readonly received: () => Promise<readonly ReceivedRequest[]>;
  /** Ends the backend, so that nothing listens there. */
  readonly stopReceiver: () => Promise<void>;
}

/** What answers ends by itself long before, on a busy machine too. */
const usualBudgetMs = 60_000;

/** The signal of a deadline that has passed already. */
const passed = AbortSignal.abort(new DOMException('the deadline has passed', 'TimeoutError'));

export async function trySink(subject: TriedSubject, behaviour: ReceiverBehaviour = {}): Promise<Trial> {
  const { prepare, config, facts, spoilPorts, spoil } = subject;
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-rules-'));
  const printed: string[] = [];
  const receiver = await facts.startReceiver(behaviour, { folder, printed });
  stubAws(receiver);
  const { hub, cache, log, redactor } = createWired({ CANARY_TOKEN: canaries.token });
  const ports: SinkPorts = {
    http: hub.port(),
    secrets: cache.secrets,
    clock: Date.now,
    log,
    collector: 'contract',
    intervalMs: 60_000,
    print: (text) => printed.push(text),
    aws: noAws,
    redactor,
  };
  const made = await prepare(config(receiver.url, folder)).create(spoilPorts?.(ports) ?? ports);
  const sink = spoil?.(made) ?? made;
  let isListening = true;
  const stopReceiver = async (): Promise<void> => {
    if (isListening) await receiver[Symbol.asyncDispose]();
    isListening = false;
  };
  return {
    sink,
    write: async (batch, budgetMs = usualBudgetMs) => {
      using deadline = createDeadline(budgetMs, Date.now, budgetMs === 0 ? passed : undefined);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    redeliver: async (parcels, budgetMs = usualBudgetMs) => {
      if (sink.redeliver === undefined) throw new TypeError('the sink takes no parcels of earlier runs');
      using deadline = createDeadline(budgetMs, Date.now);
      return await sink.redeliver(throughState(parcels), { deadline });
    },
    received: receiver.received,
    stopReceiver,
    [Symbol.asyncDispose]: async () => {
      await sink.close?.();
      await stopReceiver();
      await hub.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The AWS SDK reads the environment of the process. */
function stubAws({ url }: Receiver): void {
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
}

function throughState(parcels: readonly Parcel[]): readonly Parcel[] {
  return parcels.map((parcel) => ({ ...parcel, content: asJson(parcel.content) }));
}

function asJson(value: unknown): unknown {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  return parsed;
}
