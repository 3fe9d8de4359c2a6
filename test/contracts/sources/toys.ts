/** Sources that each break the rules they are said to break, made of two that keep all of them. */
import { example } from '../../../docs/template-source/index.ts';
import type { Ledger } from '../../../lambda/counters/ledger.ts';
import { HttpStatusError } from '../../../lambda/http/errors/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../../lambda/http/port.ts';
import { queueJobs, workers } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { prepareSource } from '../../../lambda/sources/prepare-source.ts';
import type { CollectContext, Collection, Source } from '../../../lambda/sources/source.ts';
import { canaries } from '../../support/canary.ts';
import type { SourceRuleName } from './rules.ts';
import { exampleFacts, sourceFacts } from './systems.ts';
import type { TriedSource } from './try-source.ts';

/** The template of a source: it has levels only. */
export const goodReadingSource: TriedSource = {
  kind: example.kind,
  prepare: (raw) => example.prepare(raw),
  facts: exampleFacts(example.kind),
};

/** Tekton: it counts what has ended. */
export const goodCountingSource: TriedSource = {
  kind: 'tekton',
  prepare: (raw) => prepareSource({ ...raw }),
  facts: sourceFacts.tekton,
};

export interface Toy {
  readonly name: string;
  readonly breaks: readonly SourceRuleName[];
  readonly subject: TriedSource;
}

function reading(name: string, breaks: readonly SourceRuleName[], more: Partial<TriedSource>): Toy {
  return { name, breaks, subject: { ...goodReadingSource, ...more } };
}

function counting(name: string, breaks: readonly SourceRuleName[], more: Partial<TriedSource>): Toy {
  return { name, breaks, subject: { ...goodCountingSource, ...more } };
}

type Collect = Source['collect'];

function withCollect(change: (collect: Collect) => Collect): Pick<TriedSource, 'spoil'> {
  return { spoil: (source) => ({ collect: change((context) => source.collect(context)) }) };
}

function withCollection(change: (collection: Collection) => Collection): Pick<TriedSource, 'spoil'> {
  return withCollect((collect) => async (context) => change(await collect(context)));
}

function withProblems(change: (problem: Problem) => readonly Problem[]): Pick<TriedSource, 'spoil'> {
  return withCollection((collection) => ({ ...collection, problems: collection.problems.flatMap(change) }));
}

type Send = HttpPort['send'];

function withSend(change: (send: Send) => Send): Pick<TriedSource, 'spoilPorts'> {
  return {
    spoilPorts: (ports) => {
      const send = change((request) => ports.http.send(request));
      return { ...ports, http: { ...ports.http, send } };
    },
  };
}

/** Reads another body than was sent. */
function withBody(change: (body: string, request: HttpRequest) => string | Promise<string>) {
  return withSend((send) => async (request): Promise<HttpResponse> => {
    const answer = await send(request);
    const text = await change(Buffer.from(answer.body).toString(), request);
    return { ...answer, body: Buffer.from(text) };
  });
}

function withLedger(change: (ledger: Ledger, context: CollectContext) => Ledger): Pick<TriedSource, 'spoil'> {
  return withCollect(
    (collect) => (context) =>
      collect({ ...context, openLedger: async () => change(await context.openLedger(), context) }),
  );
}

const labels = { system: 'example', source: 'main', scope: 'all', queue: 'made-up' };

/** Gives up at a problem of this kind. */
function losesAllAt(kind: Problem['kind']): Pick<TriedSource, 'spoil'> {
  return withCollection((collection) =>
    collection.problems.some((problem) => problem.kind === kind) ? { ...collection, families: [] } : collection,
  );
}

/** Follows a link as it is, with everything that the request before had. */
async function followLink(body: string, { headers, signal }: HttpRequest): Promise<void> {
  const link = /"next":"(http[^"]+)"/.exec(body)?.[1];
  if (link !== undefined) await fetch(link, { headers, signal });
}

export const toys: readonly Toy[] = [
  reading(
    'sends a metric that it does not declare',
    ['publishes only metrics that it declares, with the labels of their definitions'],
    withCollection((collection) => ({
      ...collection,
      families:
        collection.families.length === 0
          ? []
          : [...collection.families, buildGauge(workers, [{ labels: { ...labels, state: 'idle' }, value: 1 }])],
    })),
  ),
  reading(
    'adds a label of its own',
    ['publishes only metrics that it declares, with the labels of their definitions'],
    withCollection((collection) => ({
      ...collection,
      families: collection.families.map((family) =>
        family.type === 'gauge'
          ? { ...family, samples: family.samples.map((one) => ({ ...one, labels: { ...one.labels, os: 'linux' } })) }
          : family,
      ),
    })),
  ),
  reading(
    'gives a series twice',
    ['gives each series once, and each a finite value'],
    withCollection((collection) => ({ ...collection, families: [...collection.families, ...collection.families] })),
  ),
  reading(
    'gives a value that is no number',
    ['gives each series once, and each a finite value'],
    withCollection((collection) => ({
      ...collection,
      families: collection.families.map((family) =>
        family.type === 'gauge'
          ? { ...family, samples: family.samples.map((one) => ({ ...one, value: NaN })) }
          : family,
      ),
    })),
  ),
  reading(
    'takes an empty list for a fault',
    ['takes a system in which nothing goes on for healthy'],
    withCollection(({ families, problems }) => ({
      families,
      problems:
        families.length + problems.length > 0
          ? problems
          : [{ kind: 'bad-response', where: 'example/main', message: 'there are no queues; check the token' }],
    })),
  ),
  reading(
    'takes every refusal for one',
    ['tells each way to fail by its kind, and publishes no figure of it'],
    withProblems((problem) => [problem.kind === 'configuration' ? { ...problem, kind: 'rejected' } : problem]),
  ),
  reading(
    'throws what a network does',
    ['tells each way to fail by its kind, and publishes no figure of it'],
    withCollection((collection) => {
      if (collection.problems.some(({ message }) => message.startsWith('answered 403')))
        throw new Error('answered 403');
      return collection;
    }),
  ),
  reading(
    'publishes zeros of a list that failed',
    ['tells each way to fail by its kind, and publishes no figure of it'],
    withCollection((collection) =>
      collection.problems.some(({ message }) => message.startsWith('answered 404'))
        ? { ...collection, families: [buildGauge(queueJobs, [{ labels: { ...labels, state: 'queued' }, value: 0 }])] }
        : collection,
    ),
  ),
  reading(
    'names no place',
    ['tells of every problem the place, the reason and the remedy'],
    withProblems((problem) => [{ ...problem, where: 'the network' }]),
  ),
  reading(
    'knows no remedy',
    ['tells of every problem the place, the reason and the remedy'],
    withProblems((problem) => [
      problem.kind === 'auth' ? { ...problem, message: 'the token was refused by the server' } : problem,
    ]),
  ),
  reading(
    'quotes its token',
    ['shows no secret in what it returns, logs and keeps'],
    withProblems((problem) => [
      problem.kind === 'rejected' ? { ...problem, message: `${problem.message}; check ${canaries.token}` } : problem,
    ]),
  ),
  reading('logs what it sends', ['shows no secret in what it returns, logs and keeps'], {
    spoilPorts: (ports) => ({
      ...ports,
      http: {
        ...ports.http,
        send: (request) => {
          ports.log.debug('asked', { headers: JSON.stringify(request.headers) });
          return ports.http.send(request);
        },
      },
    }),
  }),
  reading(
    'follows every link',
    ['follows no link to another server'],
    withBody(async (body, request) => {
      await followLink(body, request);
      return body;
    }),
  ),
  reading(
    'does not hear that its time is over',
    [
      'tells each way to fail by its kind, and publishes no figure of it',
      'tells of every problem the place, the reason and the remedy',
      'stops as soon as its deadline passes',
      'asks nothing after its deadline, and says so',
      'hands over at its deadline what it has read',
    ],
    withCollect((collect) => async (context) => {
      // Longer than a test waits, and not for ever.
      using deadline = createDeadline(1500, Date.now);
      return await collect({ ...context, deadline });
    }),
  ),
  reading(
    'asks once more when its time is over',
    ['asks nothing after its deadline, and says so'],
    withSend((send) => async (request) => {
      if (request.signal.aborted) await fetch(request.url);
      return await send(request);
    }),
  ),
  reading(
    'says nothing of a deadline that it met',
    [
      'tells each way to fail by its kind, and publishes no figure of it',
      'stops as soon as its deadline passes',
      'asks nothing after its deadline, and says so',
      'hands over at its deadline what it has read',
    ],
    withProblems((problem) => (problem.kind === 'timeout' ? [] : [problem])),
  ),
  reading(
    'throws away at its deadline what it has read',
    ['hands over at its deadline what it has read'],
    losesAllAt('timeout'),
  ),
  reading(
    'reads no more than the first page',
    [
      'follows no link to another server',
      'hands over at its deadline what it has read',
      'loses no more than the part that fails',
      'ends a list that does not end, and says so',
    ],
    withBody((body) => body.replace(/,"next":"[^"]*"/, '')),
  ),
  reading(
    'throws away the pages before one that fails',
    ['loses no more than the part that fails'],
    losesAllAt('unavailable'),
  ),
  reading(
    'gives up at an element that it cannot read',
    ['loses no more than what it cannot read, and tells how much'],
    losesAllAt('bad-response'),
  ),
  reading(
    'does not say how much it left out',
    ['loses no more than what it cannot read, and tells how much'],
    withProblems((problem) => [{ ...problem, message: problem.message.replace(/left out \d+/, 'left out some') }]),
  ),
  reading(
    'takes what is absent for zero',
    ['takes what is absent for unknown, and not for zero'],
    withBody((body) => body.replace(/"waiting":0\}/, '"waiting":0,"running":0}')),
  ),
  reading(
    'asks for each page many times',
    ['ends a list that does not end, and says so'],
    withSend((send) => async (request) => {
      const answer = await send(request);
      for (let more = 0; more < 30; more += 1) await send(request);
      return answer;
    }),
  ),
  reading(
    'does not say that it has not read to the end',
    ['ends a list that does not end, and says so'],
    withProblems((problem) => (problem.message.includes('pages of queues') ? [] : [problem])),
  ),
  reading(
    'gives up at a fault that passes',
    ['asks again where a request has failed in passing'],
    withSend((send) => (request) => send({ ...request, finalStatuses: [503] })),
  ),
  reading('keeps to the secret that it has', ['reads a rotated secret again in the run that finds it refused'], {
    spoilPorts: (ports) => ({
      ...ports,
      secrets: { ...ports.secrets, reread: (ref, signal) => ports.secrets.read(ref, signal) },
    }),
  }),
  reading(
    'asks again at once',
    ['tells from when on it may ask again, and does not ask before'],
    withSend((send) => async (request) => {
      try {
        return await send(request);
      } catch (error) {
        if (error instanceof HttpStatusError && error.status === 429) return await send(request);
        throw error;
      }
    }),
  ),
  reading(
    'does not say from when on it may ask again',
    ['tells from when on it may ask again, and does not ask before'],
    withProblems(({ kind, where, message }) => [{ kind, where, message }]),
  ),
  counting(
    'has another key for a run each time that it reads it',
    ['counts what has ended once, however often it is read'],
    withLedger((ledger, { tickMs }) => ({
      ...ledger,
      countFinish: (stream, id, finish) => {
        const key = `${finish.key} ${String(tickMs)}`;
        ledger.countFinish(stream, id, { ...finish, key });
      },
    })),
  ),
  counting(
    'counts what it reads, without asking whether it is new',
    ['counts what has ended once, however often it is read', 'keeps its totals while it cannot read'],
    withLedger((ledger) => ({
      ...ledger,
      countFinish: (stream, id, finish) => {
        ledger.countFinish(stream, id, finish);
        for (const { metric, labels: of, increase } of finish.counts) ledger.count(metric, of, increase);
      },
    })),
  ),
  counting(
    'gives up for good when it is refused after a while',
    ['keeps its totals while it cannot read'],
    withCollect((collect) => {
      let hasRead = false;
      return async (context) => {
        const collection = await collect(context);
        if (hasRead && collection.problems.length > 0) throw new Error('refused');
        hasRead ||= collection.problems.length === 0;
        return collection;
      };
    }),
  ),
];
