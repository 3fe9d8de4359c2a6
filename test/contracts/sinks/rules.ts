/** The rules of docs/adding-a-sink.md as cases that any sink can be held to; each of them can be failed by a toy. */
import { expect } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildCounter, buildGauge, type MetricFamily } from '../../../lambda/model/metric.ts';
import { jobsFinished } from '../../../lambda/model/catalogue/job-metrics.ts';
import { graceAfterDeadlineMs } from '../../../lambda/runtime/run-each.ts';
import { problemKinds } from '../../../lambda/model/problem.ts';
import type { Delivery } from '../../../lambda/sinks/sink.ts';
import {
  batchOf,
  expectedFigures,
  type Figures,
  figuresOf,
  refusedQueue,
  startMs,
  tickOf,
  type RunPlan,
} from './batches.ts';
import { refusalWords } from './http-receiver.ts';
import type { ReceivedRequest, ReceivedValue, ReceiverFault, SinkFacts } from './facts.ts';
import { untold } from '../../support/problem-texts.ts';
import { type TriedSubject, type Trial, trySink } from './try-sink.ts';

export interface SinkRule {
  readonly name: string;
  readonly appliesTo: (facts: SinkFacts) => boolean;
  /** Rejects when the sink breaks the rule. */
  readonly check: (subject: TriedSubject) => Promise<void>;
}

/** Several sources, and too little for a second request. */
const small: RunPlan = { run: 1, queues: 3 };

/** Enough for several requests, and for several with increases in them. */
function largeFor({ facts: { manyQueues = 700 } }: TriedSubject): RunPlan {
  return { run: 1, queues: manyQueues };
}

/** Short, because it is waited for. */
const shortBudgetMs = 400;

/** A sink that does not stop would keep the test waiting. */
const patienceMs = 2000;

const everySink = (): boolean => true;
const addingSinks = ({ takes }: SinkFacts): boolean => takes === 'increases';
const totallingSinks = ({ takes }: SinkFacts): boolean => takes === 'totals';
const askingSinks = ({ answers }: SinkFacts): boolean => answers === 'request';

export const sinkRules = [
  {
    name: 'stores every figure and says so',
    appliesTo: everySink,
    check: async (subject) => {
      const large = largeFor(subject);
      await using trial = await trySink(subject);

      const delivery = await trial.write(batchOf(large));

      expect(missingFrom(await storedBy(trial), expectedFigures(figuresOf(large), subject.facts))).toEqual([]);
      expect(delivery.problems).toEqual([]);
      expect(delivery.accepted).toBeGreaterThan(0);
      expect([delivery.undelivered ?? [], delivery.unconfirmed ?? 0, delivery.dropped ?? 0]).toEqual([[], 0, 0]);
      expect(delivery.isUnanswered ?? false).toBe(subject.facts.answers === 'nothing');
    },
  },
  {
    name: 'previews exactly what it sends',
    appliesTo: everySink,
    check: async (subject) => {
      const large = largeFor(subject);
      await using trial = await trySink(subject);
      const batch = batchOf(large);

      const preview = await trial.sink.preview(batch);
      const before = await trial.received();
      const delivery = await trial.write(batch);

      const requests = await trial.received();
      expect(before.length).toBe(0);
      expect(preview.problems).toEqual([]);
      expect(preview.samples).toBe(delivery.accepted);
      expect([preview.requests, preview.bytes]).toEqual([delivery.requests, delivery.bytes]);
      expect([delivery.requests, delivery.bytes]).toEqual([
        requests.length,
        requests.reduce((sum, { bytes }) => sum + bytes, 0),
      ]);
      const shown = new Set(preview.lines.flatMap((line) => line.split(/[^0-9.]+/)));
      const figures = expectedFigures(figuresOf(large), subject.facts);
      // A timer of StatsD is in milliseconds.
      const isShown = (figure: number): boolean => shown.has(String(figure)) || shown.has(String(figure * 1000));
      expect(figures.filter((figure) => !isShown(figure))).toEqual([]);
    },
  },
  {
    name: 'loses nothing beside a refused sample',
    appliesTo: askingSinks,
    check: async (subject) => {
      const large = largeFor(subject);
      await using trial = await trySink(subject, { refuses: isRefused });

      const first = await trial.write(batchOf({ ...large, named: refusedQueue }));
      const again = await redelivered(trial, first);
      const second = await trial.write(batchOf({ ...large, run: 2, named: refusedQueue }));
      const last = await redelivered(trial, second);

      expect(first.problems).not.toEqual([]);
      expect(first.problems.filter(({ kind }) => kind === 'bug')).toEqual([]);
      const requests = await trial.received();
      const spared = sparedFrom(requests, figuresOf({ ...large, run: 2, named: refusedQueue }), subject.facts);
      expect(missingFrom(storedIn(requests), spared)).toEqual([]);
      if (subject.facts.takes === 'totals') return;
      const increases = figuresOf({ ...large, named: refusedQueue })
        .filter(({ queue }) => queue !== refusedQueue)
        .map(({ increase }) => increase);
      expect(missingFrom(storedIn(requests), increases)).toEqual([]);
      expect(samplesIn([...(again.undelivered ?? []), ...(last.undelivered ?? [])])).toBe(0);
    },
  },
  {
    name: 'says of every increase what became of it',
    appliesTo: addingSinks,
    check: async (subject) => {
      const large = largeFor(subject);
      const given = await increasesGiven(subject, { ...large, named: refusedQueue });
      const cases: readonly ('healthy' | 'refused' | 'unreachable' | ReceiverFault)[] =
        subject.facts.answers === 'request'
          ? ['healthy', 'refused', 'unreachable', 'throttled', 'forbidden', 'broken', 'answer lost', 'silent']
          : ['healthy'];
      for (const one of cases) {
        const isFault = one !== 'healthy' && one !== 'refused' && one !== 'unreachable';
        const behaviour = { ...(one === 'refused' ? { refuses: isRefused } : {}), ...(isFault ? { fault: one } : {}) };
        await using trial = await trySink(subject, behaviour);
        if (one === 'unreachable') await trial.stopReceiver();
        const budgetMs = one === 'silent' ? shortBudgetMs : undefined;

        const delivery = await trial.write(batchOf({ ...large, named: refusedQueue }), budgetMs);

        const requests = await trial.received();
        const confirmed = requests.filter(({ isConfirmed }) => isConfirmed).flatMap(({ stored }) => stored);
        const { unconfirmed = 0, dropped = 0 } = delivery;
        const undelivered = samplesIn(delivery.undelivered ?? []);
        const told = { confirmed: confirmed.filter(isAddedUp).length, undelivered, unconfirmed, dropped };
        expect({ one, told, sum: sumOf(Object.values(told)) }).toEqual({ one, told, sum: given });
        if (told.confirmed < given) expect(delivery.problems).not.toEqual([]);
      }
    },
  },
  {
    name: 'keeps what was certainly not stored, with its own time',
    appliesTo: (facts) => addingSinks(facts) && askingSinks(facts),
    check: async (subject) => {
      const large = largeFor(subject);
      const given = await increasesGiven(subject, large);
      const delivery = await throttled(subject, large);

      await using healthy = await trySink(subject);
      const later = await healthy.redeliver(delivery.undelivered ?? []);

      const stored = await storedBy(healthy);
      expect(samplesIn(delivery.undelivered ?? [])).toBe(given);
      expect([later.accepted, later.problems, later.dropped ?? 0]).toEqual([given, [], 0]);
      expect(stored.every(isAddedUp)).toBe(true);
      expect(missingFrom(stored, increasesOf(figuresOf(large)))).toEqual([]);
      expect(new Set(stored.map(({ timeMs = tickOf(large) }) => timeMs))).toEqual(new Set([tickOf(large)]));
    },
  },
  {
    name: 'packs the increases of a batch as it would send them',
    appliesTo: (facts) => addingSinks(facts) && askingSinks(facts),
    check: async (subject) => {
      const large = largeFor(subject);
      await using trial = await trySink(subject);
      const { pack } = trial.sink;
      if (pack === undefined) return;

      const parcels = pack(batchOf(large));
      const before = await trial.received();
      const delivery = await trial.redeliver(parcels);

      expect(before.length).toBe(0);
      expect([delivery.accepted, delivery.problems]).toEqual([samplesIn(parcels), []]);
      expect(missingFrom(await storedBy(trial), increasesOf(figuresOf(large)))).toEqual([]);
    },
  },
  {
    name: 'drops a parcel that it cannot read, says so, and sends the others',
    appliesTo: addingSinks,
    check: async (subject) => {
      const { undelivered = [] } = await (subject.facts.answers === 'request' ? throttled : late)(subject, small);
      await using healthy = await trySink(subject);
      const damaged = { tickMs: tickOf(small), samples: 5, content: { written: 'by another version' } };

      const delivery = await healthy.redeliver([damaged, ...undelivered]);

      expect(undelivered).not.toEqual([]);
      expect(delivery.dropped).toBe(5);
      const [told, ...others] = delivery.problems;
      expect([told?.kind, others]).toEqual(['bug', []]);
      expect(told?.where).toMatch(new RegExp(`^${subject.kind}/`));
      expect(told?.message).toMatch(/^5 increases of earlier runs lost/);
      expect(delivery.accepted).toBe(samplesIn(undelivered));
      expect(missingFrom(await storedBy(healthy), increasesOf(figuresOf(small)))).toEqual([]);
    },
  },
  {
    name: 'sends no increase twice that may have been stored',
    appliesTo: (facts) => addingSinks(facts) && askingSinks(facts),
    check: async (subject) => {
      const own = new Set(increasesOf(figuresOf(small)));
      for (const fault of ['answer lost', 'broken', 'dripping'] as const) {
        const arrived: number[] = [];
        let undelivered: Delivery['undelivered'];
        {
          await using trial = await trySink(subject, { fault });
          const delivery = await trial.write(batchOf(small), fault === 'dripping' ? shortBudgetMs : undefined);
          undelivered = delivery.undelivered;
          const values = (await trial.received()).flatMap((request) => request.values);
          arrived.push(...values.flatMap((value) => value.values).filter((figure) => own.has(figure)));
        }
        await using later = await trySink(subject);
        await redelivered(later, { undelivered });

        const again = (await storedBy(later)).flatMap(({ values }) => values);
        expect({ fault, twice: arrived.length - new Set(arrived).size }).toEqual({ fault, twice: 0 });
        expect({ fault, again: again.filter((figure) => arrived.includes(figure)) }).toEqual({ fault, again: [] });
      }
    },
  },
  {
    name: 'ends at its deadline',
    appliesTo: askingSinks,
    check: async (subject) => {
      for (const fault of ['silent', 'dripping'] as const) {
        await using trial = await trySink(subject, { fault });
        const began = performance.now();

        const delivery = await within(patienceMs, trial.write(batchOf(small), shortBudgetMs));

        expect(performance.now() - began).toBeLessThan(shortBudgetMs + graceAfterDeadlineMs);
        expect(delivery?.problems.map(({ kind }) => kind)).toContain('timeout');
      }
    },
  },
  {
    name: 'begins nothing after its deadline, and says so',
    appliesTo: ({ answers }) => answers !== 'itself',
    check: async (subject) => {
      await using trial = await trySink(subject);

      const delivery = await within(patienceMs, trial.write(batchOf(small), 0));

      expect((await trial.received()).length).toBe(0);
      expect(delivery?.accepted).toBe(0);
      expect(delivery?.problems.map(({ kind }) => kind)).toContain('timeout');
    },
  },
  {
    name: 'tells a failure with its place and a remedy, and throws nothing',
    appliesTo: askingSinks,
    check: async (subject) => {
      const expected = {
        forbidden: 'auth',
        throttled: 'rate-limited',
        broken: 'unavailable',
        unreachable: 'unavailable',
      };
      for (const [fault, kind] of Object.entries(expected)) {
        await using trial = await trySink(subject, isFault(fault) ? { fault } : {});
        if (fault === 'unreachable') await trial.stopReceiver();

        const { problems, accepted } = await trial.write(batchOf(small));

        expect({ fault, kinds: [...new Set(problems.map((problem) => problem.kind))] }).toEqual({
          fault,
          kinds: [kind],
        });
        expect(accepted).toBe(0);
        for (const problem of problems) {
          expect(problemKinds).toContain(problem.kind);
          expect(problem.where.startsWith(`${subject.kind}/`)).toBe(true);
        }
        expect(untold(problems)).toEqual([]);
      }
    },
  },
  {
    name: "repeats the server's own words",
    appliesTo: askingSinks,
    check: async (subject) => {
      for (const fault of ['forbidden', 'throttled', 'broken'] as const) {
        await using trial = await trySink(subject, { fault });

        const { problems } = await trial.write(batchOf(small));

        const silent = problems.filter(({ message }) => !message.includes(refusalWords));
        expect({ fault, silent, isTold: problems.length > 0 }).toEqual({ fault, silent: [], isTold: true });
      }
    },
  },
  {
    name: 'shows nothing of a source that failed',
    appliesTo: everySink,
    check: async (subject) => {
      await using trial = await trySink(subject);

      await trial.write(batchOf(small));
      const seen = (await trial.received()).length;
      const delivery = await trial.write(batchOf({ ...small, run: 2, beta: 'failed' }));

      const requests = await trial.received();
      expect(delivery.problems).toEqual([]);
      // Who keeps values for ever can at least be sent no old ones.
      const shown =
        subject.facts.forgets === 'never' ? storedIn(requests.slice(seen)) : liveValues(requests, seen, subject.facts);
      const live = shown.flatMap(({ values }) => values);
      const old = expectedFigures(ofSource(figuresOf(small), 'beta'), subject.facts);
      expect(old.filter((figure) => live.includes(figure))).toEqual([]);
      const fresh = expectedFigures(ofSource(figuresOf({ ...small, run: 2 }), 'alpha'), subject.facts);
      expect(fresh.filter((figure) => !live.includes(figure))).toEqual([]);
    },
  },
  {
    name: 'leaves alone what another invocation publishes',
    appliesTo: everySink,
    check: async (subject) => {
      await using trial = await trySink(subject);

      await trial.write(batchOf(small));
      const seen = (await trial.received()).length;
      const delivery = await trial.write(batchOf({ ...small, run: 2, beta: 'skipped' }));

      const requests = await trial.received();
      const old = levelsAndTotals(ofSource(figuresOf(small), 'beta'), subject.facts);
      const live = liveValues(requests, seen, subject.facts).flatMap(({ values }) => values);
      if (subject.facts.forgets === 'by itself') expect(old.filter((figure) => live.includes(figure))).toEqual([]);
      else expect(old.filter((figure) => !live.includes(figure))).toEqual([]);
      // What can only be replaced as a whole may have to wait for the next run, and then says so.
      const fresh = expectedFigures(ofSource(figuresOf({ ...small, run: 2 }), 'alpha'), subject.facts);
      const waiting = fresh.filter((figure) => !live.includes(figure));
      expect(waiting).toEqual(delivery.problems.length === 0 ? [] : fresh);
    },
  },
  {
    name: 'sends running totals with their start, of which a lost one repairs itself',
    appliesTo: totallingSinks,
    check: async (subject) => {
      await using trial = await trySink(subject);

      await trial.write(batchOf(small));
      await trial.write(batchOf({ ...small, run: 2 }));

      const stored = await storedBy(trial);
      const figures = stored.flatMap(({ values }) => values);
      expect(
        missingFrom(
          stored,
          figuresOf({ ...small, run: 2 }).map(({ total }) => total),
        ),
      ).toEqual([]);
      expect(figures.filter((figure) => increasesOf(figuresOf(small)).includes(figure))).toEqual([]);
      if (subject.facts.startTimes !== true) return;
      const totals = stored.filter(({ kind }) => kind === 'total');
      expect(new Set(totals.map((value) => value.startMs))).toEqual(new Set([startMs]));
    },
  },
  {
    name: 'tells of a counter whose total nobody knows, and sends no increase in its place',
    appliesTo: totallingSinks,
    check: async (subject) => {
      await using trial = await trySink(subject);
      const labels = { system: 'buildkite', source: 'alpha', scope: 'main', queue: 'q', result: 'success' };
      const families = [buildCounter(jobsFinished, [{ labels, increase: 777_001 }])];

      const delivery = await trial.write(withFamilies(families));

      expect((await storedBy(trial)).flatMap(({ values }) => values)).not.toContain(777_001);
      expect(delivery.problems.map(({ message }) => message).join()).toContain(jobsFinished.name);
    },
  },
  {
    name: 'sends increases, and none for what stood still',
    appliesTo: addingSinks,
    check: async (subject) => {
      await using trial = await trySink(subject);
      const labels = { system: 'buildkite', source: 'alpha', scope: 'main', queue: 'q' };
      const families = [
        buildCounter(jobsFinished, [
          { labels: { ...labels, result: 'success' }, increase: 777_001, total: { value: 777_000_001, startMs } },
          { labels: { ...labels, result: 'failure' }, increase: 0, total: { value: 777_000_002, startMs } },
        ]),
      ];

      await trial.write(withFamilies(families));

      const figures = (await storedBy(trial)).filter(isAddedUp).flatMap(({ values }) => values);
      expect(new Set(figures)).toEqual(new Set([777_001]));
    },
  },
  {
    name: 'stores the same in whatever order it is given',
    appliesTo: everySink,
    check: async (subject) => {
      const stored: (readonly string[])[] = [];
      for (const batch of [batchOf(small), backwards(batchOf(small))]) {
        await using trial = await trySink(subject);
        const { problems } = await trial.write(batch);
        expect(problems).toEqual([]);
        stored.push((await storedBy(trial)).map(keyOf).sort());
      }

      expect(stored[1]).toEqual(stored[0]);
    },
  },
  {
    name: 'has nothing to say of an empty batch',
    appliesTo: everySink,
    check: async (subject) => {
      await using trial = await trySink(subject);
      const empty: Batch = { tickMs: tickOf(small), collectedAtMs: tickOf(small), sources: [], health: [] };

      const preview = await trial.sink.preview(empty);
      const delivery = await trial.write(empty);

      expect([preview.samples, preview.problems]).toEqual([0, []]);
      expect([delivery.accepted, delivery.problems]).toEqual([0, []]);
      expect((await storedBy(trial)).flatMap(({ values }) => values)).toEqual([]);
    },
  },
  {
    name: 'keeps to the limits of its backend',
    appliesTo: ({ limits }) => limits !== undefined,
    check: async (subject) => {
      const large = largeFor(subject);
      await using trial = await trySink(subject);
      const { bytes: maxBytes = Infinity, values: maxValues = Infinity } = subject.facts.limits ?? {};

      const delivery = await trial.write(batchOf({ run: 1, queues: 4 * large.queues }));

      const requests = await trial.received();
      expect(delivery.problems).toEqual([]);
      const sizes = requests.map(({ bytes, values }) => ({ bytes, values: values.length }));
      expect(sizes.filter(({ bytes, values }) => bytes > maxBytes || values > maxValues)).toEqual([]);
      expect(requests.length).toBeGreaterThan(1);
    },
  },
  {
    name: 'lets odd names and values cost nobody else',
    appliesTo: everySink,
    check: async (subject) => {
      await using trial = await trySink(subject);
      const batch = withOddities(batchOf(small));

      const delivery = await trial.write(batch);

      expect(missingFrom(await storedBy(trial), expectedFigures(figuresOf(small), subject.facts))).toEqual([]);
      expect(delivery.problems.filter(({ kind }) => kind === 'bug')).toEqual([]);
      expect(samplesIn(delivery.undelivered ?? []) + (delivery.unconfirmed ?? 0)).toBe(0);
      const preview = await trial.sink.preview(batch);
      expect(preview.samples).toBe(delivery.accepted);
      expect(preview.problems).toEqual(delivery.problems);
    },
  },
] as const satisfies readonly SinkRule[];

export type SinkRuleName = (typeof sinkRules)[number]['name'];

function isFault(name: string): name is 'forbidden' | 'throttled' | 'broken' {
  return name === 'forbidden' || name === 'throttled' || name === 'broken';
}

function isAddedUp({ kind }: ReceivedValue): boolean {
  return kind === 'increase' || kind === 'observations';
}

function isRefused({ name, labels }: ReceivedValue): boolean {
  return Object.values(labels).includes(refusedQueue) || name.includes(refusedQueue);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function samplesIn(parcels: readonly { readonly samples: number }[]): number {
  return sumOf(parcels.map(({ samples }) => samples));
}

async function redelivered(
  trial: Trial,
  { undelivered = [] }: { readonly undelivered?: Delivery['undelivered'] | undefined },
): Promise<Partial<Delivery>> {
  return undelivered.length === 0 ? {} : await trial.redeliver(undelivered);
}

function storedIn(requests: readonly ReceivedRequest[]): readonly ReceivedValue[] {
  return requests.flatMap(({ stored }) => stored);
}

async function storedBy(trial: Trial): Promise<readonly ReceivedValue[]> {
  return storedIn(await trial.received());
}

function missingFrom(stored: readonly ReceivedValue[], figures: readonly number[]): readonly number[] {
  const there = new Set(stored.flatMap(({ values }) => values));
  return figures.filter((figure) => !there.has(figure));
}

function increasesOf(figures: readonly Figures[]): readonly number[] {
  return figures.map(({ increase }) => increase);
}

/** What a backend goes on showing, unlike that which it adds up. */
function levelsAndTotals(figures: readonly Figures[], facts: SinkFacts): readonly number[] {
  return facts.takes === 'increases' ? figures.map(({ level }) => level) : expectedFigures(figures, facts);
}

function ofSource(figures: readonly Figures[], source: Figures['source']): readonly Figures[] {
  return figures.filter((one) => one.source === source);
}

async function throttled(subject: TriedSubject, plan: RunPlan): Promise<Delivery> {
  await using trial = await trySink(subject, { fault: 'throttled' });
  return await trial.write(batchOf(plan));
}

/** For a protocol that answers nothing: the deadline has passed before anything was sent. */
async function late(subject: TriedSubject, plan: RunPlan): Promise<Delivery> {
  await using trial = await trySink(subject);
  return await trial.write(batchOf(plan), 0);
}

/** In the sink's own unit, which only a delivery that succeeds can tell. */
async function increasesGiven(subject: TriedSubject, plan: RunPlan): Promise<number> {
  await using trial = await trySink(subject);
  await trial.write(batchOf(plan));
  return (await storedBy(trial)).filter(isAddedUp).length;
}

/** The figures that a refused queue must not cost. */
function sparedFrom(
  requests: readonly ReceivedRequest[],
  figures: readonly Figures[],
  { takes, refusalCosts = 'sample' }: SinkFacts,
): readonly number[] {
  const spared = expectedFigures(figures, { takes }).filter(
    (figure) =>
      !expectedFigures(
        figures.filter(({ queue }) => queue === refusedQueue),
        { takes },
      ).includes(figure),
  );
  if (refusalCosts === 'sample') return spared;
  const refused = requests.filter(({ values }) => values.some(isRefused));
  const names = new Set(refused.flatMap(({ values }) => values.filter(isRefused)).map(({ name }) => name));
  const lost = new Set(
    refused
      .flatMap(({ values }) => values)
      .filter(({ name }) => refusalCosts === 'request' || names.has(name))
      .flatMap(({ values }) => values),
  );
  return spared.filter((figure) => !lost.has(figure));
}

/** What a reader of the backend sees after the requests from `seen` on. */
function liveValues(
  requests: readonly ReceivedRequest[],
  seen: number,
  { forgets }: SinkFacts,
): readonly ReceivedValue[] {
  const isPage = requests.length === seen && requests.some(({ replaces }) => replaces !== undefined);
  if (forgets === 'by itself') return storedIn(isPage ? requests : requests.slice(seen));
  const live = new Map<string, ReceivedValue & { readonly group: string | undefined }>();
  for (const [index, { stored, replaces: group }] of requests.entries()) {
    const replaced = group === undefined ? [] : [...live].filter(([, value]) => value.group === group);
    for (const [key] of replaced) live.delete(key);
    // What is added up stands for its own minute in any case.
    for (const value of index < seen ? stored.filter((one) => !isAddedUp(one)) : stored) {
      const key = `${String(group)} ${seriesOf(value)}`;
      if (value.kind === 'ended') live.delete(key);
      else live.set(key, { ...value, group });
    }
  }
  return [...live.values()];
}

function seriesOf({ name, labels }: ReceivedValue): string {
  return JSON.stringify([name, Object.entries(labels).sort()]);
}

function keyOf(value: ReceivedValue): string {
  return JSON.stringify([seriesOf(value), value.kind, [...value.values].sort((a, b) => a - b)]);
}

async function within<Value>(ms: number, working: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, ms);
  });
  try {
    return await Promise.race([working, late]);
  } finally {
    clearTimeout(timer);
  }
}

function backwards(batch: Batch): Batch {
  const reversed = <Family extends MetricFamily>(family: Family): Family => ({
    ...family,
    samples: family.samples.toReversed(),
  });
  return {
    ...batch,
    sources: batch.sources
      .toReversed()
      .map((part) => ({ ...part, families: part.families.toReversed().map(reversed) })),
    health: batch.health.toReversed().map(reversed),
  };
}

function withFamilies(families: readonly MetricFamily[]): Batch {
  const part = { system: 'buildkite', source: 'alpha', status: 'complete', families } as const;
  return { tickMs: tickOf(small), collectedAtMs: tickOf(small), sources: [part], health: [] };
}

const oddNames = ['', 'Ä queue', 'a|b#c:d@e,f', 'say "hi"', 'back\\slash', 'x'.repeat(2000), '#other#', 'a=b&c%20/d'];
const oddValues = [NaN, Infinity, -Infinity, -5, 0, 1e300, 5e-324, 0.1];

/** A third source whose queues have names and levels of every kind. */
function withOddities(batch: Batch): Batch {
  const samples = [
    ...oddNames.map((queue) => ({ queue, value: 1 })),
    ...oddValues.map((value, index) => ({ queue: `odd${String(index)}`, value })),
  ].map(({ queue, value }) => ({
    labels: { system: 'buildkite', source: 'gamma', scope: 'main', queue, state: 'queued' },
    value,
  }));
  const part = {
    system: 'buildkite',
    source: 'gamma',
    status: 'complete',
    families: [buildGauge(queueJobs, samples)],
  } as const;
  return { ...batch, sources: [...batch.sources, part] };
}
