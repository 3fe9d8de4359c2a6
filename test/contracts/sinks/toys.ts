/** Sinks that each break the rules they are said to break, made of two that keep all of them. */
import { example } from '../../../docs/template-sink/index.ts';
import { HttpStatusError } from '../../../lambda/http/errors/errors.ts';
import type { HttpPort } from '../../../lambda/http/port.ts';
import type { Batch, SourceOutput } from '../../../lambda/model/batch.ts';
import type { CounterSample, MetricFamily } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { prepareSink } from '../../../lambda/sinks/prepare-sink.ts';
import type { DeliverContext, Delivery, Sink } from '../../../lambda/sinks/sink.ts';
import { receiveHttp, refusalWords } from './http-receiver.ts';
import { exampleBackend } from './backends.ts';
import type { SinkRuleName } from './rules.ts';
import { sinkSubjects } from '../subjects.ts';
import type { TriedSubject } from './try-sink.ts';

/** The template of a sink: it adds. */
export const goodAddingSink: TriedSubject = {
  kind: example.kind,
  prepare: (raw) => example.prepare(raw),
  config: (url) => ({ kind: 'example', url: `${url}/points`, auth: { bearer: { env: 'CANARY_TOKEN' } } }),
  facts: {
    startReceiver: receiveHttp(exampleBackend),
    answers: 'request',
    takes: 'increases',
    forgets: 'by itself',
    manyQueues: 300,
    limits: { bytes: 500_000, values: 500 },
  },
};

/** Remote write: it sends running totals. */
export const goodTotallingSink: TriedSubject = {
  kind: 'remote-write',
  prepare: (raw) => prepareSink({ ...raw }),
  config: sinkSubjects['remote-write'].config,
  facts: sinkSubjects['remote-write'].facts,
};

export interface Toy {
  readonly name: string;
  readonly breaks: readonly SinkRuleName[];
  readonly subject: TriedSubject;
}

function adding(name: string, breaks: readonly SinkRuleName[], more: Partial<TriedSubject>): Toy {
  return { name, breaks, subject: { ...goodAddingSink, ...more } };
}

function totalling(name: string, breaks: readonly SinkRuleName[], more: Partial<TriedSubject>): Toy {
  return { name, breaks, subject: { ...goodTotallingSink, ...more } };
}

type Write = Sink['write'];

function withWrite(change: (write: Write) => Write): Pick<TriedSubject, 'spoil'> {
  return { spoil: (sink) => ({ ...sink, write: change((batch, context) => sink.write(batch, context)) }) };
}

/** Gives the sink another batch than it was given. */
function withBatch(makeChange: () => (batch: Batch) => Batch): Pick<TriedSubject, 'spoil'> {
  return {
    spoil: (sink) => {
      const change = makeChange();
      return {
        ...sink,
        write: (batch, context) => sink.write(change(batch), context),
        preview: (batch) => sink.preview(makeChange()(batch)),
      };
    },
  };
}

function withDelivery(change: (delivery: Delivery) => Delivery): Pick<TriedSubject, 'spoil'> {
  return withWrite((write) => async (batch, context) => change(await write(batch, context)));
}

/** Tells otherwise why nothing arrived. */
function withProblems(change: (problem: Problem) => Problem): Pick<TriedSubject, 'spoil'> {
  return withDelivery((delivery) =>
    delivery.accepted > 0 ? delivery : { ...delivery, problems: delivery.problems.map(change) },
  );
}

function withDeadline(change: (context: DeliverContext) => DeliverContext): Pick<TriedSubject, 'spoil'> {
  return withWrite((write) => (batch, context) => write(batch, change(context)));
}

function withHttp(makeSend: (port: HttpPort) => HttpPort['send']): Pick<TriedSubject, 'spoilPorts'> {
  return {
    spoilPorts: (ports) => {
      const send = makeSend(ports.http);
      return { ...ports, http: { ...ports.http, send } };
    },
  };
}

/** After the first refusal it sends nothing any more. */
function stopsAtRefusal(afterwards: HttpPort['send']): Pick<TriedSubject, 'spoilPorts'> {
  return withHttp((port) => {
    let hasStopped = false;
    return async (request) => {
      if (hasStopped) return await afterwards(request);
      try {
        return await port.send(request);
      } catch (error) {
        hasStopped ||= error instanceof HttpStatusError && error.status === 400;
        throw error;
      }
    };
  });
}

const refuseForNow: HttpPort['send'] = () =>
  Promise.reject(new HttpStatusError('POST toy', { status: 503, headers: {}, excerpt: '' }));

const pretendSuccess: HttpPort['send'] = () =>
  Promise.resolve({ status: 200, headers: {}, body: new Uint8Array(), receivedAtMs: 0 });

/** Publishes what a source gave last in place of what it does not give now. */
function repeatsPartsThatAre(status: SourceOutput['status']): Pick<TriedSubject, 'spoil'> {
  return withBatch(() => {
    const last = new Map<string, SourceOutput>();
    return (batch) => {
      const parts = batch.sources.map((part) => (part.status === status ? (last.get(part.source) ?? part) : part));
      for (const part of parts) last.set(part.source, part);
      return { ...batch, sources: parts };
    };
  });
}

function withCounters(change: (sample: CounterSample, batch: Batch) => CounterSample): Pick<TriedSubject, 'spoil'> {
  return withBatch(() => (batch) => {
    const changed = (family: MetricFamily): MetricFamily =>
      family.type === 'counter' ? { ...family, samples: family.samples.map((one) => change(one, batch)) } : family;
    return { ...batch, sources: batch.sources.map((part) => ({ ...part, families: part.families.map(changed) })) };
  });
}

function hasNaN({ sources: parts }: Batch): boolean {
  return parts.some(({ families }) =>
    families.some((family) => family.type === 'gauge' && family.samples.some(({ value }) => Number.isNaN(value))),
  );
}

const nothing: Delivery = { accepted: 0, requests: 0, bytes: 0, problems: [] };

/** Longer than any test waits for a sink. */
const muchLaterMs = 3000;

export const toys: readonly Toy[] = [
  adding(
    'stops at the first refusal and says so',
    ['loses nothing beside a refused sample'],
    stopsAtRefusal(refuseForNow),
  ),
  adding(
    'stops at the first refusal and calls the rest stored',
    ['loses nothing beside a refused sample', 'says of every increase what became of it'],
    stopsAtRefusal(pretendSuccess),
  ),
  adding(
    'says nothing of what nobody knows',
    ['says of every increase what became of it'],
    withDelivery((delivery) => ({ ...delivery, unconfirmed: 0 })),
  ),
  adding(
    'says nothing of what was refused',
    ['says of every increase what became of it'],
    withDelivery((delivery) => ({ ...delivery, dropped: 0 })),
  ),
  adding(
    'keeps nothing for a later run',
    [
      'says of every increase what became of it',
      'keeps what was certainly not stored, with its own time',
      'drops a parcel that it cannot read, says so, and sends the others',
    ],
    withDelivery((delivery) => ({ ...delivery, undelivered: [] })),
  ),
  adding('stamps what is late with another time', ['keeps what was certainly not stored, with its own time'], {
    spoil: ({ redeliver, ...sink }) => ({
      ...sink,
      redeliver: async (parcels, context) =>
        (await redeliver?.(
          parcels.map((parcel) => ({ ...parcel, tickMs: parcel.tickMs + 60_000 })),
          context,
        )) ?? nothing,
    }),
  }),
  adding('packs nothing', ['packs the increases of a batch as it would send them'], {
    spoil: (sink) => ({ ...sink, pack: () => [] }),
  }),
  adding(
    'gives up at a parcel that it cannot read',
    ['drops a parcel that it cannot read, says so, and sends the others'],
    {
      spoil: ({ redeliver, ...sink }) => ({
        ...sink,
        redeliver: async (parcels, context) => {
          const isReadable = parcels.every(({ content }) => Array.isArray(content));
          const all = parcels.reduce((sum, { samples }) => sum + samples, 0);
          return isReadable ? ((await redeliver?.(parcels, context)) ?? nothing) : { ...nothing, dropped: all };
        },
      }),
    },
  ),
  adding(
    'drops a parcel that it cannot read without a word',
    ['drops a parcel that it cannot read, says so, and sends the others'],
    {
      spoil: ({ redeliver, ...sink }) => ({
        ...sink,
        redeliver: async (parcels, context) => ({
          ...((await redeliver?.(parcels, context)) ?? nothing),
          problems: [],
        }),
      }),
    },
  ),
  adding(
    'sends again what may have been stored',
    ['sends no increase twice that may have been stored'],
    withHttp((port) => (request) => port.send({ ...request, idempotent: true })),
  ),
  adding('keeps for a later run what may have been stored', ['sends no increase twice that may have been stored'], {
    spoil: ({ pack, ...sink }) => ({
      ...sink,
      ...(pack === undefined ? {} : { pack }),
      write: async (batch, context) => {
        const delivery = await sink.write(batch, context);
        const isUnknown = (delivery.unconfirmed ?? 0) > 0;
        return isUnknown ? { ...delivery, unconfirmed: 0, undelivered: pack?.(batch) ?? [] } : delivery;
      },
    }),
  }),
  adding(
    'waits as long as it likes',
    ['ends at its deadline', 'begins nothing after its deadline, and says so'],
    withDeadline(() => ({ deadline: createDeadline(muchLaterMs, Date.now) })),
  ),
  adding(
    'begins when its time is over',
    ['begins nothing after its deadline, and says so'],
    withDeadline((context) =>
      context.deadline.signal.aborted ? { deadline: createDeadline(muchLaterMs, Date.now) } : context,
    ),
  ),
  adding(
    'throws when its credentials are refused',
    [
      'says of every increase what became of it',
      'tells a failure with its place and a remedy, and throws nothing',
      "repeats the server's own words",
    ],
    withDelivery((delivery) => {
      if (delivery.problems.some(({ kind }) => kind === 'auth')) throw new Error('refused');
      return delivery;
    }),
  ),
  adding(
    'gives no remedy',
    ['tells a failure with its place and a remedy, and throws nothing', "repeats the server's own words"],
    withProblems((problem) => ({ ...problem, message: 'failed' })),
  ),
  adding(
    'keeps what the server said to itself',
    ["repeats the server's own words"],
    withProblems((problem) => ({ ...problem, message: problem.message.replace(refusalWords, '') })),
  ),
  adding(
    'does not say where it failed',
    ['tells a failure with its place and a remedy, and throws nothing'],
    withProblems((problem) => ({ ...problem, where: 'the network' })),
  ),
  adding('previews fewer bytes than it sends', ['previews exactly what it sends'], {
    spoil: (sink) => ({
      ...sink,
      preview: async (batch) => {
        const preview = await sink.preview(batch);
        return { ...preview, bytes: preview.bytes - 1 };
      },
    }),
  }),
  adding('leaves a line out of its preview', ['previews exactly what it sends'], {
    spoil: (sink) => ({
      ...sink,
      preview: async (batch) => {
        const preview = await sink.preview(batch);
        return { ...preview, lines: preview.lines.slice(1) };
      },
    }),
  }),
  adding('calls itself unanswered though it was answered', ['stores every figure and says so'], {
    ...withDelivery((delivery) => ({ ...delivery, isUnanswered: true })),
  }),
  adding(
    'repeats what a failed source gave before',
    ['shows nothing of a source that failed'],
    repeatsPartsThatAre('failed'),
  ),
  adding(
    'repeats what another invocation publishes',
    ['leaves alone what another invocation publishes'],
    repeatsPartsThatAre('skipped'),
  ),
  adding(
    'sends what stood still',
    ['sends increases, and none for what stood still'],
    withCounters((sample) => (sample.increase === 0 ? { ...sample, increase: Number.EPSILON } : sample)),
  ),
  adding(
    'takes only what comes first',
    ['stores the same in whatever order it is given'],
    withBatch(
      () => (batch) => (batch.sources[0]?.source === 'beta' ? { ...batch, sources: batch.sources.slice(0, 1) } : batch),
    ),
  ),
  adding(
    'takes an empty batch for a failure',
    ['has nothing to say of an empty batch'],
    withWrite((write) => async (batch, context) => {
      const delivery = await write(batch, context);
      const problem = { kind: 'rejected', where: 'example/example', message: 'nothing to send' } as const;
      return batch.sources.length === 0 ? { ...delivery, problems: [problem] } : delivery;
    }),
  ),
  adding('believes that its backend takes more than it does', ['keeps to the limits of its backend'], {
    facts: { ...goodAddingSink.facts, limits: { values: 400 } },
  }),
  adding(
    'sends nothing where one value is odd',
    ['lets odd names and values cost nobody else'],
    withBatch(() => (batch) => (hasNaN(batch) ? { ...batch, sources: [] } : batch)),
  ),
  totalling('stops at the first refusal', ['loses nothing beside a refused sample'], stopsAtRefusal(refuseForNow)),
  totalling(
    'sends an increase where the total is unknown',
    ['tells of a counter whose total nobody knows, and sends no increase in its place'],
    withCounters((sample, { tickMs }) => ({ total: { value: sample.increase, startMs: tickMs }, ...sample })),
  ),
  totalling(
    'sends increases as totals',
    [
      'stores every figure and says so',
      'previews exactly what it sends',
      'loses nothing beside a refused sample',
      'shows nothing of a source that failed',
      'leaves alone what another invocation publishes',
      'sends running totals with their start, of which a lost one repairs itself',
      'lets odd names and values cost nobody else',
    ],
    withCounters((sample) =>
      sample.total === undefined ? sample : { ...sample, total: { ...sample.total, value: sample.increase } },
    ),
  ),
  totalling(
    'lets totals begin anew in each run',
    ['sends running totals with their start, of which a lost one repairs itself'],
    withCounters((sample, { tickMs }) =>
      sample.total === undefined ? sample : { ...sample, total: { ...sample.total, startMs: tickMs } },
    ),
  ),
  totalling(
    'repeats what a failed source gave before',
    ['shows nothing of a source that failed'],
    repeatsPartsThatAre('failed'),
  ),
  totalling(
    'ends what another invocation publishes',
    ['leaves alone what another invocation publishes'],
    withBatch(() => (batch) => ({ ...batch, sources: batch.sources.filter(({ status }) => status !== 'skipped') })),
  ),
];
