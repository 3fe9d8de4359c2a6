/** What every sink that asks a server makes of answers that no sound backend gives. */
import { describe, expect, it } from 'vitest';
import { sinks, type SinkKind } from '../../../lambda/sinks/index.ts';
import { mapConcurrently } from '../../../lambda/runtime/map-concurrently.ts';
import { prepareSink } from '../../../lambda/sinks/prepare-sink.ts';
import type { Delivery } from '../../../lambda/sinks/sink.ts';
import { expectNoCanary } from '../../support/canary.ts';
import { untold } from '../../support/problem-texts.ts';
import { sinkSubjects } from '../subjects.ts';
import { batchOf } from './batches.ts';
import { type OddOutcome, type OddServer, type OddServerName, oddServers } from './odd-answers.ts';
import { type TriedSubject, trySink } from './try-sink.ts';

type Differing = Partial<Readonly<Record<OddServerName, OddOutcome>>>;

const unreadable: OddOutcome = { is: 'unknown', kind: 'bad-response' };

/** Of a backend that says in the body of its success what it stored. */
const wantsBody: Differing = { '204 with a body': unreadable, '200 and nothing': unreadable };

/** Where a sink has to make something else of an answer. */
const differing: Partial<Readonly<Record<SinkKind, Differing>>> = {
  cloudwatch: {
    // The SDK's client takes it, and is asked for no compression, so that it reads none.
    '100 before the answer': { is: 'accepted' },
    'a good answer in gzip': unreadable,
    // It ends the connection, and keeps to itself why.
    'a chunk whose size is no number': { is: 'unknown', kind: 'unavailable' },
  },
  datadog: wantsBody,
  'new-relic': wantsBody,
  'google-cloud-monitoring': wantsBody,
};

/** Each kind, and OTLP with increases, too, which it accounts for in another way. */
const subjects = sinks
  .filter(({ kind }) => sinkSubjects[kind].facts.answers === 'request')
  .flatMap(({ kind }): readonly (readonly [string, TriedSubject, Differing])[] => {
    const { config, facts, variants = {} } = sinkSubjects[kind];
    const prepare: TriedSubject['prepare'] = (raw) => prepareSink({ ...raw });
    const adding = Object.entries(variants).filter(([, variant]) => variant.facts.takes !== facts.takes);
    const variantSubjects = adding.map(([name, variant]): readonly [string, TriedSubject] => [
      `${kind} (${name})`,
      {
        ...{ kind, prepare, facts: variant.facts },
        config: (url, folder) => ({ ...config(url, folder), ...variant.settings }),
      },
    ]);
    const own: readonly [string, TriedSubject] = [kind, { kind, prepare, config, facts }];
    return [own, ...variantSubjects].map(([name, subject]) => [name, subject, differing[kind] ?? {}]);
  });

describe.each(subjects)('the sink %s', (_, subject, differs) => {
  it('makes of each odd answer what is certain, and tells it', async () => {
    const tryRow = async (server: OddServer): Promise<readonly [string, Told]> => [
      server.name,
      describeDelivery(await writeTo(subject, server)),
    ];
    const found = await mapConcurrently(oddServers, readsEnvironment(subject) ? 1 : oddServers.length, tryRow);

    const expected = oddServers.map(({ name, outcome }) => [name, describeOutcome(differs[name] ?? outcome)]);
    expect(found).toEqual(expected);
  });
});

/** The AWS SDK finds its server in the environment, of which there is one. */
function readsEnvironment({ kind }: TriedSubject): boolean {
  return kind === 'cloudwatch';
}

async function writeTo(subject: TriedSubject, { server }: OddServer): Promise<Delivery> {
  const isServer = typeof server === 'function';
  const facts = isServer ? { ...subject.facts, startReceiver: server } : subject.facts;
  await using trial = await trySink({ ...subject, facts }, isServer ? {} : { odd: server });
  const delivery = await trial.write(batchOf({ run: 1, queues: 1 }));
  expectNoCanary([delivery]);
  return delivery;
}

interface Told {
  readonly is: OddOutcome['is'] | 'half';
  readonly kinds: readonly string[];
  readonly untold: readonly unknown[];
}

function describeOutcome(outcome: OddOutcome): Told {
  return { is: outcome.is, kinds: outcome.is === 'accepted' ? [] : [outcome.kind], untold: [] };
}

function describeDelivery({ accepted, problems: told, unconfirmed = 0 }: Delivery): Told {
  // Of metrics, which Cloud Monitoring is told of apart, and not of what is sent.
  const problems = told.filter(({ message }) => !message.startsWith('no descriptor for'));
  const kinds = [...new Set(problems.map(({ kind }) => kind))];
  return { is: decideOutcome({ accepted, problems, unconfirmed }), kinds, untold: untold(problems) };
}

/** Totals are never unconfirmed, for the next ones repair them: there the words tell. */
function decideOutcome({
  accepted,
  problems,
  unconfirmed,
}: Required<Pick<Delivery, 'accepted' | 'problems' | 'unconfirmed'>>): Told['is'] {
  if (problems.length === 0) return 'accepted';
  if (accepted > 0) return 'half';
  const isUnsure = unconfirmed > 0 || problems.some(({ message }) => message.includes('may not have been stored'));
  return isUnsure ? 'unknown' : 'not stored';
}
