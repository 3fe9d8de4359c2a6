/** Simulated sinks and backends: what each stores of a delivery, and what it answers. */
import * as z from 'zod';
import type { Batch } from '../../../../lambda/model/batch.ts';
import type { Labels, MetricFamily } from '../../../../lambda/model/metric.ts';
import { formatSeriesKey } from '../../../../lambda/model/families/order.ts';
import { runDuration, runsFinished } from '../../../../lambda/model/catalogue/run-metrics.ts';
import type { Delivery, Parcel, Sink } from '../../../../lambda/sinks/sink.ts';
import type { Actor } from '../actors.ts';
import { rule } from '../rules/rules.ts';

/**
 * `stored-unknown` and `lost-unknown`: no answer came; the data is there, or it is not. `half`: one part is stored, the
 * other one refused for now. `rejected`: refused for good.
 */
export type SendOutcome = 'ok' | 'refused' | 'half' | 'rejected' | 'stored-unknown' | 'lost-unknown';

/** The sinks of one simulation; what they have stored outlives every invocation. */
export interface Backends {
  /** The last total of each series, as a time series database has it. */
  readonly totals: Map<string, Stored>;
  /** By sink: how often each increase was stored. */
  readonly additive: ReadonlyMap<string, Map<string, Increase>>;
  lastTickMs: number;
  /** Whether a wrong clock has stamped them. */
  isLastClockOff: boolean;
  /** Of additive sinks. */
  batches: number;
}

interface Stored {
  readonly labels: Labels;
  readonly startMs: number;
  /** A counter's value, or the counts of a histogram. */
  readonly numbers: readonly number[];
}

export interface Increase {
  times: number;
  /** Counter samples only: what was added. */
  readonly value: number;
}

/** `once`: an unknown outcome is told as unconfirmed; `again`: it is told as undelivered, and may be stored twice. */
export const additiveSinks = { 'additive/once': 'once', 'additive/again': 'again' } as const;
export type AdditiveSinkId = keyof typeof additiveSinks;

export function newBackends(): Backends {
  const additive = new Map(Object.keys(additiveSinks).map((id) => [id, new Map<string, Increase>()] as const));
  return { totals: new Map(), additive, lastTickMs: -Infinity, isLastClockOff: false, batches: 0 };
}

export interface SimulatedSink {
  readonly actor: Actor;
  readonly backends: Backends;
  readonly outcome: SendOutcome;
  /** By the right clock. */
  readonly now: () => number;
  /** Of totals only: whether another run has counted since, and whether the clock that stamps them is wrong. */
  readonly order?: { readonly isOvertaken: () => boolean; readonly isClockOff: boolean };
  /** Told when something is sent whose fate the collector does not know. */
  readonly onAmbiguous: () => void;
  /** Told of every send, with its number of samples. */
  readonly onSend?: (samples: number) => void;
}

const nothing: Delivery = { accepted: 0, requests: 1, bytes: 0, problems: [] };
const down = { kind: 'unavailable', where: 'sink', message: 'answers 503' } as const;

/** Further in the future Prometheus takes nothing (`maxAheadTime` of its receiver). */
const mostAheadMs = 10 * 60_000;

/** Takes running totals and refuses what is older than what it has, or lies in the future, as Prometheus does. */
export function cumulativeSink({ actor, backends, outcome, now, order }: SimulatedSink): Sink {
  return {
    write: async (batch) => {
      await actor.step('send totals');
      const isStored = outcome === 'ok' || outcome === 'stored-unknown';
      // A second value for one time is refused, too.
      const isTimely = batch.tickMs > backends.lastTickMs && batch.tickMs <= now() + mostAheadMs;
      // No time orders an old push and a newer one of which one has the stamp of a wrong clock; docs/counting.md says so.
      const isOff = order?.isClockOff === true || backends.isLastClockOff;
      const isUnordered = order?.isOvertaken() === true && isOff;
      if (isStored && isTimely && !isUnordered) {
        storeTotals(backends, batch);
        backends.isLastClockOff = order?.isClockOff === true;
      }
      await actor.step('answer totals');
      return isStored ? { ...nothing, accepted: 1 } : { ...nothing, problems: [down] };
    },
    preview: noPreview,
  };
}

function storeTotals(backends: Backends, { tickMs, sources: parts }: Batch): void {
  backends.lastTickMs = tickMs;
  let finished = 0;
  let observed = 0;
  for (const family of parts.flatMap(({ families }) => families)) {
    for (const { key, labels, startMs, numbers } of totalsOf(family)) {
      const before = backends.totals.get(key);
      const isOnward = before === undefined || startMs > before.startMs;
      const isMonotone = before !== undefined && startMs === before.startMs && isAtLeast(numbers, before.numbers);
      rule(isOnward || isMonotone, 'a total never falls within a start time', key, startMs, numbers.join());
      backends.totals.set(key, { labels, startMs, numbers });
      if (family.definition.name === runDuration.name) observed += sum(numbers);
      if (family.definition.name === runsFinished.name && hasDuration(labels)) finished += sum(numbers);
    }
  }
  rule(finished === observed, 'a histogram has as many observations as its counter has finishes', finished, observed);
}

/**
 * Bitbucket tells no beginning of a re-run: it has the creation of the first one. Of an end that a re-run has hidden
 * nothing is known but that it was, so its result is `other`.
 */
function hasDuration({ system, attempt, result }: Labels): boolean {
  return system !== 'bitbucket' || (attempt === 'first' && result !== 'other');
}

function totalsOf(family: MetricFamily): readonly (Stored & { readonly key: string })[] {
  if (family.type === 'gauge') return [];
  const { name } = family.definition;
  return family.samples.flatMap(({ labels, total }) => {
    if (total === undefined) return [];
    const numbers = 'counts' in total ? total.counts : [total.value];
    return [{ key: `${name}${formatSeriesKey(labels)}`, labels, startMs: total.startMs, numbers }];
  });
}

function isAtLeast(numbers: readonly number[], before: readonly number[]): boolean {
  return numbers.length === before.length && numbers.every((number, index) => number >= (before[index] ?? Infinity));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const Content = z.array(z.tuple([z.string(), z.number()]));
type Content = z.infer<typeof Content>;

/** Adds what it is sent, as CloudWatch does. */
export function additiveSink(id: AdditiveSinkId, input: SimulatedSink): Sink {
  const { actor, backends, outcome, onAmbiguous } = input;
  const stored = backends.additive.get(id) ?? new Map<string, Increase>();

  async function send(parcels: readonly Parcel[], label: string): Promise<Delivery> {
    await actor.step(`send ${label}`);
    const all = parcels.filter(({ samples }) => samples > 0);
    const taken = all.map((parcel) => takenOf(parcel, outcome));
    for (const [key, value] of taken.flatMap(({ stored: content }) => content)) add(stored, key, value);
    if (outcome.endsWith('unknown') && all.length > 0) onAmbiguous();
    input.onSend?.(all.reduce((total, { samples }) => total + samples, 0));
    await actor.step(`answer ${label}`);
    return deliveryOf(taken, outcome, additiveSinks[id]);
  }

  return {
    write: (batch) => {
      backends.batches += 1;
      return send([parcelOf(batch, backends.batches)], `increases to ${id}`);
    },
    redeliver: (parcels) => send(parcels, `again to ${id}`),
    preview: noPreview,
  };
}

function add(stored: Map<string, Increase>, key: string, value: number): void {
  const found = stored.get(key);
  if (found === undefined) stored.set(key, { times: 1, value });
  else found.times += 1;
}

interface Taken {
  readonly parcel: Parcel;
  readonly stored: Content;
  readonly left: Content;
}

function takenOf(parcel: Parcel, outcome: SendOutcome): Taken {
  const content = Content.parse(parcel.content);
  const half = Math.ceil(content.length / 2);
  if (outcome === 'ok' || outcome === 'stored-unknown') return { parcel, stored: content, left: [] };
  if (outcome === 'half') return { parcel, stored: content.slice(0, half), left: content.slice(half) };
  return { parcel, stored: [], left: content };
}

function deliveryOf(taken: readonly Taken[], outcome: SendOutcome, policy: 'once' | 'again'): Delivery {
  if (outcome === 'ok') return { ...nothing, accepted: 1 };
  const samples = taken.reduce((total, { parcel }) => total + parcel.samples, 0);
  if (outcome === 'rejected') return { ...nothing, problems: [down], dropped: samples };
  const isUnknown = outcome === 'stored-unknown' || outcome === 'lost-unknown';
  if (isUnknown && policy === 'once') return { ...nothing, problems: [down], unconfirmed: samples };
  const back = taken.map(({ parcel, left }) => {
    const content = isUnknown ? Content.parse(parcel.content) : left;
    return { tickMs: parcel.tickMs, samples: content.length, content };
  });
  return { ...nothing, problems: [down], undelivered: back.filter((parcel) => parcel.samples > 0) };
}

/** Every increase of a batch has a name of its own, so that it is known when it is stored twice. */
function parcelOf({ tickMs, sources: parts }: Batch, number: number): Parcel {
  const content = parts.flatMap(({ families }) => families.flatMap((family) => increasesOf(family, number)));
  return { tickMs, samples: content.length, content };
}

function increasesOf(family: MetricFamily, batch: number): Content {
  const { name } = family.definition;
  const keyOf = (labels: Readonly<Record<string, string>>): string =>
    `${String(batch)} ${name}${formatSeriesKey(labels)}`;
  if (family.type === 'counter') {
    return family.samples
      .filter(({ increase }) => increase > 0)
      .map(({ labels, increase }): [string, number] => [keyOf(labels), increase]);
  }
  if (family.type !== 'distribution') return [];
  return family.samples
    .filter(({ observations }) => observations.length > 0)
    .map(({ labels }): [string, number] => [keyOf(labels), 0]);
}

function noPreview(): never {
  throw new Error('nothing is previewed here');
}
