/** The rules of docs/adding-a-source.md as cases that any source can be held to; each of them can be failed by a toy. */
import type { IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import type { Problem } from '../../../lambda/model/problem.ts';
import { formatSeriesKey } from '../../../lambda/model/families/order.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { startFaultServer } from '../../support/network/fault-server.ts';
import { type Fault, faultNamed, faults } from '../../support/network/faults.ts';
import { type Respond, startLoopbackServer } from '../../support/network/loopback-server.ts';
import type { SourceFacts, StartSystem } from './facts.ts';
import { seriesOf, type SourceTrial, type Tried, type TriedSource, trySource } from './try-source.ts';

export interface SourceRule {
  readonly name: string;
  readonly appliesTo: (facts: SourceFacts) => boolean;
  /** Rejects when the source breaks the rule. */
  readonly check: (subject: TriedSource) => Promise<void>;
}

const everySource = (): boolean => true;

/** Elements that cannot be read; a number that no message has by chance. */
const manyUnreadable = 137;

/** More than any bound of pages that a source has. */
const tooManyRequests = 1000;

/** What a rotation has replaced. */
const oldToken = 'token-before-its-rotation-4b1f';

export const sourceRules = [
  {
    name: 'publishes only metrics that it declares, with the labels of their definitions',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, subject.facts.healthy);

      const { part } = await trial.collect();

      expect(seriesOf(part).length).toBeGreaterThan(0);
      const declared = new Map(trial.prepared.metrics.map((metric) => [metric.name, metric.labels.toSorted()]));
      for (const { definition, samples } of part.families) {
        const labels = new Set(samples.map((sample) => Object.keys(sample.labels).toSorted().join()));
        expect([definition.name, ...labels]).toEqual([definition.name, declared.get(definition.name)?.join()]);
      }
    },
  },
  {
    name: 'gives each series once, and each a finite value',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, subject.facts.healthy);

      const { collection } = await trial.collect();

      const families = collection?.families ?? [];
      const series = families.flatMap(({ definition, samples }) =>
        samples.map(({ labels }) => `${definition.name} ${formatSeriesKey(labels)}`),
      );
      expect(series.filter((one, index) => series.indexOf(one) !== index)).toEqual([]);
      expect(families.flatMap(valuesOf).filter((value) => !Number.isFinite(value))).toEqual([]);
    },
  },
  {
    name: 'takes a system in which nothing goes on for healthy',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, subject.facts.empty);

      const { outcome } = await trial.collect();

      expect([outcome.status, outcome.problems]).toEqual(['complete', []]);
    },
  },
  {
    name: 'tells each way to fail by its kind, and publishes no figure of it',
    appliesTo: everySource,
    check: async (subject) => {
      for (const fault of faults) {
        const { outcome, part } = await collectFaulty(subject, fault);

        const kinds = outcome.problems.map(({ kind }) => kind);
        expect({ fault: fault.name, kinds }).toEqual({ fault: fault.name, kinds: [fault.source] });
        expect({ fault: fault.name, families: part.families }).toEqual({ fault: fault.name, families: [] });
      }
    },
  },
  {
    name: 'tells of every problem the place, the reason and the remedy',
    appliesTo: everySource,
    check: async (subject) => {
      const { kind } = subject;
      const told: Problem[] = [];
      for (const fault of faults) told.push(...(await collectFaulty(subject, fault)).outcome.problems);
      for (const system of oddSystems(subject.facts)) {
        await using trial = await trySource(subject, system);
        told.push(...(await trial.collect()).outcome.problems);
      }

      for (const { where, message } of told) {
        expect(where.startsWith(`${kind}/`)).toBe(true);
        expect(withoutFrame(message)).toMatch(/^\S+ \S+.*[;:.] \S+ \S+|, (so|and|where) \S+ \S+/);
      }
    },
  },
  {
    name: 'shows no secret in what it returns, logs and keeps',
    appliesTo: everySource,
    check: async (subject) => {
      for (const status of [200, 400, 401, 403, 404, 500]) {
        await using trial = await trySource(subject, () => echoWith(status));

        const tried = await trial.collect();

        expect(trial.server.requests.some(({ headers }) => hasToken(headers, canaries.token))).toBe(true);
        expectNoCanary([tried.collection, tried.outcome, tried.part, trial.said()]);
      }
    },
  },
  {
    name: 'follows no link to another server',
    appliesTo: everySource,
    check: async (subject) => {
      await using other = await startLoopbackServer((_request, response) => response.writeHead(404).end());
      const leading = subject.facts.pages?.leadingTo?.(other.url);
      const redirect: StartSystem = () => (request, response) => {
        faultNamed('redirect to another origin').respond(request, response, { otherOrigin: other.url });
      };
      for (const system of [redirect, ...(leading === undefined ? [] : [leading])]) {
        await using trial = await trySource(subject, system, { config: subject.facts.pages?.config });

        const { outcome } = await trial.collect();

        expect(outcome.problems).not.toEqual([]);
        expect(other.requests.map(({ path }) => path)).toEqual([]);
      }
    },
  },
  {
    name: 'stops as soon as its deadline passes',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, () => () => undefined);

      const tried = await trial.collectUntil(() => trial.server.requests.length > 0);

      // After a grace the run would have given up on it, and what it had read would be lost.
      expect(tried?.outcome.problems.map(({ kind }) => kind)).toEqual(['timeout']);
    },
  },
  {
    name: 'asks nothing after its deadline, and says so',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, subject.facts.healthy);

      const tried = await trial.collectUntil(() => true);

      expect(trial.server.requests.map(({ path }) => path)).toEqual([]);
      expect(new Set(tried?.outcome.problems.map(({ kind }) => kind))).toEqual(new Set(['timeout']));
    },
  },
  {
    name: 'hands over at its deadline what it has read',
    appliesTo: hasParts,
    check: async (subject) => {
      let isAsked = false;
      const hold: Respond = () => (isAsked = true);
      await using trial = await tryParts(subject, hold);

      const tried = await trial.collectUntil(() => isAsked);

      expect(isAsked).toBe(true);
      expect(tried === undefined ? [] : figuresOf(tried)).not.toEqual([]);
      expect(tried?.outcome.problems.map(({ kind }) => kind)).toEqual(['timeout']);
    },
  },
  {
    name: 'loses no more than the part that fails',
    appliesTo: hasParts,
    check: async (subject) => {
      const { parts, healthy } = subject.facts;
      await using whole = await trySource(subject, parts?.system ?? healthy, { config: parts?.config });
      await using trial = await tryParts(subject, (_request, response) => response.writeHead(500).end());

      const before = await whole.collect();
      const tried = await trial.collect();

      expect([before.outcome.status, before.outcome.problems]).toEqual(['complete', []]);
      expect(figuresOf(tried)).not.toEqual([]);
      expect(figuresOf(tried).length).toBeLessThan(figuresOf(before).length);
      expect(tried.outcome.status).toBe('partial');
      expect(tried.outcome.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    },
  },
  {
    name: 'loses no more than what it cannot read, and tells how much',
    appliesTo: ({ unreadable }) => unreadable !== undefined,
    check: async (subject) => {
      const { healthy, unreadable = () => healthy } = subject.facts;
      const whole = seriesOf((await collectOnce(subject, healthy)).part);

      const { part, outcome } = await collectOnce(subject, unreadable(manyUnreadable));

      const kept = new Set(seriesOf(part));
      expect(whole.filter((one) => !kept.has(one))).toEqual([]);
      expect(outcome.problems.map(({ kind }) => kind)).toEqual(['bad-response']);
      expect(outcome.problems[0]?.message).toContain(String(manyUnreadable));
    },
  },
  {
    name: 'takes what is absent for unknown, and not for zero',
    appliesTo: ({ silentOnFigure }) => silentOnFigure !== undefined,
    check: async (subject) => {
      const { healthy, silentOnFigure = healthy } = subject.facts;
      const whole = seriesOf((await collectOnce(subject, healthy)).part);

      const { part } = await collectOnce(subject, silentOnFigure);

      const told = seriesOf(part);
      expect(told.filter((one) => !whole.includes(one))).toEqual([]);
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(whole.length);
    },
  },
  {
    name: 'ends a list that does not end, and says so',
    appliesTo: ({ pages }) => pages !== undefined,
    check: async (subject) => {
      const { healthy, pages } = subject.facts;
      await using trial = await trySource(subject, pages?.endless ?? healthy, { config: pages?.config });

      const tried = await trial.collectUntil(() => trial.server.requests.length > tooManyRequests);

      expect(trial.server.requests.length).toBeLessThan(tooManyRequests);
      expect(tried?.outcome.problems).not.toEqual([]);
    },
  },
  {
    name: 'asks again where a request has failed in passing',
    appliesTo: everySource,
    check: async (subject) => {
      const { healthy, repeats } = subject.facts;
      let expected = seriesOf((await collectOnce(subject, healthy)).part);
      let isFailing = true;
      await using trial = await trySource(
        subject,
        failingFirst(healthy, () => isFailing),
      );

      let { part, outcome } = await trial.collect();
      if (repeats === 'in the next run') {
        expect(outcome.problems.map(({ kind }) => kind)).toEqual(['unavailable']);
        isFailing = false;
        trial.waitMinute();
        ({ part, outcome } = await trial.collect());
        // What goes on has changed within the minute.
        expected = [];
      }

      expect([outcome.status, outcome.problems]).toEqual(['complete', []]);
      const told = seriesOf(part);
      expect(told).not.toEqual([]);
      expect(expected.filter((one) => !told.includes(one))).toEqual([]);
    },
  },
  {
    name: 'reads a rotated secret again in the run that finds it refused',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, knowing(canaries.token, subject.facts.healthy));
      trial.setToken(oldToken);
      const before = await trial.collect();
      trial.setToken(canaries.token);
      trial.waitMinute();

      const { outcome } = await trial.collect();

      expect(before.outcome.problems.map(({ kind }) => kind)).toEqual(['auth']);
      expect([outcome.status, outcome.problems]).toEqual(['complete', []]);
    },
  },
  {
    name: 'tells from when on it may ask again, and does not ask before',
    appliesTo: everySource,
    check: async (subject) => {
      await using trial = await trySource(subject, () => throttled);
      const startMs = Date.now();

      const { outcome } = await trial.collect();

      const again = outcome.problems.map(({ retryAtMs = 0 }) => Math.round((retryAtMs - startMs) / 1_800_000));
      // The server names an hour.
      expect(again).toEqual([2]);
      const asked = trial.server.requests.map(({ path }) => path);
      expect(asked.length).toBe(new Set(asked).size);
    },
  },
  {
    name: 'counts what has ended once, however often it is read',
    appliesTo: ({ counts }) => counts !== undefined,
    check: async (subject) => {
      const { counts, healthy } = subject.facts;
      const system = counts?.system ?? healthy;
      await using trial = await trySource(
        subject,
        failingFirst(system, () => subject.facts.repeats === undefined),
        { config: counts?.config },
      );
      const totals: number[] = [];
      for (let tick = 0; tick < 4; tick += 1) {
        const { part, outcome } = await trial.collect();
        expect(outcome.problems).toEqual([]);
        totals.push(totalOf(part.families, counts?.metric));
        trial.waitMinute();
      }

      expect(totals).toEqual([0, 1, 1, 1]);
    },
  },
  {
    name: 'keeps its totals while it cannot read',
    appliesTo: ({ counts }) => counts !== undefined,
    check: async (subject) => {
      const { counts, healthy } = subject.facts;
      let isThrottled = false;
      const start = counts?.system ?? healthy;
      const system: StartSystem = (clock) => {
        const usual = start(clock);
        return (request, response, recorded) => {
          (isThrottled ? throttled : usual)(request, response, recorded);
        };
      };
      await using trial = await trySource(subject, system, { config: counts?.config });
      await trial.collect();
      trial.waitMinute();
      const before = await trial.collect();
      trial.waitMinute();
      isThrottled = true;

      const { part, outcome } = await trial.collect();

      expect(outcome.problems.map(({ kind }) => kind)).toEqual(['rate-limited']);
      expect(totalOf(before.part.families, counts?.metric)).toBe(1);
      expect(totalOf(part.families, counts?.metric)).toBe(1);
    },
  },
] as const satisfies readonly SourceRule[];

export type SourceRuleName = (typeof sourceRules)[number]['name'];

function hasParts({ parts }: SourceFacts): boolean {
  return parts !== undefined;
}

async function collectOnce(subject: TriedSource, system: StartSystem): Promise<Tried> {
  await using trial = await trySource(subject, system);
  return await trial.collect();
}

/** One run against a server that fails at every request; what never answers meets a deadline that passes at once. */
async function collectFaulty(subject: TriedSource, fault: Fault): Promise<Tried> {
  await using other = await startFaultServer(fault);
  const system: StartSystem = () => (request, response) => {
    fault.respond(request, response, { otherOrigin: other.otherOrigin.url });
  };
  await using trial = await trySource(subject, system);
  if (fault.source !== 'timeout') return await trial.collect();
  const tried = await trial.collectUntil(() => trial.server.requests.length > 0);
  if (tried === undefined) throw new Error(`"${fault.name}" does not end at the deadline`);
  return tried;
}

/** The source against its parts, of which the second one behaves otherwise. */
async function tryParts(subject: TriedSource, second: Respond): Promise<SourceTrial> {
  const { parts, healthy } = subject.facts;
  const start = parts?.system ?? healthy;
  const isOfSecond = parts?.isOfSecond ?? (() => false);
  const system: StartSystem = (clock) => {
    const first = start(clock);
    return (request, response, recorded) => {
      (isOfSecond(request) ? second : first)(request, response, recorded);
    };
  };
  return await trySource(subject, system, { config: parts?.config });
}

function oddSystems({ unreadable, pages }: SourceFacts): readonly StartSystem[] {
  return [
    ...(unreadable === undefined ? [] : [unreadable(manyUnreadable)]),
    ...(pages?.config === undefined && pages !== undefined ? [pages.endless] : []),
  ];
}

/** Every address answers its first request with a fault that passes. */
function failingFirst(start: StartSystem, isFailing: () => boolean): StartSystem {
  return (clock) => {
    const usual = start(clock);
    const asked = new Set<string | undefined>();
    return (request, response, recorded) => {
      if (asked.has(request.url) || !isFailing()) {
        usual(request, response, recorded);
        return;
      }
      asked.add(request.url);
      response.writeHead(503).end();
    };
  };
}

/** Refuses every other token. */
function knowing(token: string, start: StartSystem): StartSystem {
  return (clock) => {
    const usual = start(clock);
    return (request, response, recorded) => {
      if (hasToken(request.headers, token)) usual(request, response, recorded);
      else response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"unknown token"}');
    };
  };
}

function hasToken(headers: IncomingMessage['headers'], token: string): boolean {
  return Object.values(headers).some((value) => String(value).includes(token));
}

/** Answers with all that it was sent, as a server does that wants to help. */
function echoWith(status: number): Respond {
  return ({ url, headers }, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-echo': headers.authorization ?? '' });
    response.end(JSON.stringify({ message: `you sent ${headers.authorization ?? ''}`, url, headers }));
  };
}

const throttled: Respond = (request, response) => {
  faultNamed('429 with Retry-After').respond(request, response, { otherOrigin: '' });
};

function valuesOf(family: MetricFamily): readonly number[] {
  switch (family.type) {
    case 'gauge':
      return family.samples.map(({ value }) => value);
    case 'counter':
      return family.samples.map(({ increase }) => increase);
    case 'distribution':
      return family.samples.flatMap(({ observations }) => observations);
  }
}

/** Without the status at the beginning, and what is said of further ones at the end. */
function withoutFrame(message: string): string {
  return message
    .replace(/^answered \d+: /, '')
    .replace(/; \d+ more such problems? in this run$/, '')
    .replace(/ \([A-Z_]+\)$/, '');
}

/** What was read of the CI system, without what is told of the reading itself. */
function figuresOf({ part: { families, relayed = [] } }: Tried): readonly object[] {
  return [...families, ...relayed.filter(({ about }) => about === 'target')].flatMap<object>(({ samples }) => samples);
}

function totalOf(families: readonly MetricFamily[], metric: string | undefined): number {
  return families
    .flatMap((family) => (family.type === 'counter' && family.definition.name === metric ? family.samples : []))
    .reduce((sum, { total }) => sum + (total?.value ?? 0), 0);
}
