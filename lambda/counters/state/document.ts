/** Writes the state of a source as JSON, and reads and checks it again. */
import * as z from 'zod';
import { defineMapping } from './mapping.ts';
import { tryParseJson } from '../../model/text/try-parse-json.ts';
import type { OpenState, Series, State, StreamState } from './state.ts';
import { StateStoreError } from '../stores/store.ts';

/** Rises when an older version of the collector could not read what is written; that one then refuses it. */
const format = 1;

const AnyDocument = z.object({ format: z.int().min(1) });

type SeriesRow = readonly [values: readonly string[], startMs: number, day: number, numbers: readonly number[]];

/** By hand: there may be 50,000 rows, and they have to be read in each tick. */
function isRowList(value: unknown): value is readonly SeriesRow[] {
  return Array.isArray(value) && value.every(isRow);
}

function isRow(row: unknown): row is SeriesRow {
  if (!isList(row) || row.length !== 4) return false;
  const [values, start, day, numbers] = row;
  const isString = (part: unknown): boolean => typeof part === 'string';
  if (!isList(values) || !values.every(isString) || !isList(numbers)) return false;
  return isNumber(start) && isNumber(day) && numbers.length > 0 && numbers.every(isNumber);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

const SeriesRows = z.custom<readonly SeriesRow[]>(isRowList, { error: 'is no list of series' });
const OpenRow = z.tuple([z.string(), z.number(), z.number(), z.number()]).rest(z.string());
const FollowedRow = z.tuple([z.string(), z.number(), z.number(), z.array(z.number())]);

const StreamDocument = z.object({
  epoch: z.number(),
  mark: z.number(),
  first: z.literal(1).optional(),
  span: z.number().optional(),
  looked: z.number(),
  open: z.array(OpenRow),
  lost: defineMapping(z.number()).optional(),
  /** Seconds. */
  seen: defineMapping(z.number()),
});

const StateDocument = z.object({
  format: z.literal(format),
  tick: z.number(),
  epoch: z.number(),
  /** Absent in states that are older than it. */
  proven: z.number().optional(),
  vendor: z.number().optional(),
  /** Absent where it is the tick. */
  delivery: z.number().optional(),
  streams: defineMapping(StreamDocument),
  metrics: defineMapping(z.object({ labels: z.array(z.string()), bounds: z.string(), series: SeriesRows })),
  followed: defineMapping(z.array(FollowedRow)),
  quotas: defineMapping(z.tuple([z.number(), z.number()]).rest(z.number())),
  remembered: defineMapping(z.unknown()),
  inFlight: z.array(
    z.object({ tick: z.number(), id: z.number().optional(), sinks: z.array(z.string()), samples: z.number() }),
  ),
});
type StateDocument = z.infer<typeof StateDocument>;

/** @throws StateStoreError for what this version of the collector cannot read; it must then be left as it is. */
export function parseState(body: string, id: string): State {
  const raw = tryParseJson(body);
  const { success, data } = StateDocument.safeParse(raw);
  if (success) return buildState(data);
  throw explainUnreadable(raw, `the state of ${id}`);
}

/** Why a stored document cannot be used. */
export function explainUnreadable(raw: unknown, what: string): StateStoreError {
  const version = AnyDocument.safeParse(raw).data?.format;
  if (version !== undefined && version > format) {
    const written = `${what} was written by a newer version of the collector (format ${String(version)}, not ${String(format)})`;
    return new StateStoreError(
      'configuration',
      `${written}; deploy that version again, or delete the state to count from anew`,
    );
  }
  return new StateStoreError(
    'bad-response',
    `${what} cannot be read, and it was left as it is; restore it from a backup, or delete it to count from anew`,
  );
}

function buildState(document: StateDocument): State {
  const { tick, epoch, proven, vendor, delivery, streams, metrics, followed, quotas, remembered, inFlight } = document;
  return {
    tickMs: tick,
    epochMs: epoch,
    provenMs: proven ?? tick,
    vendorMs: vendor,
    deliveryId: delivery ?? tick,
    streams: convertRecord(streams, parseStream),
    totals: convertRecord(metrics, ({ labels, bounds, series }) => ({ labels, bounds, series: parseSeries(series) })),
    followed: convertRecord(
      followed,
      (rows) =>
        new Map(rows.map(([hash, startMs, touchedDay, numbers]) => [hash, { startMs, touchedDay, numbers }] as const)),
    ),
    budgets: convertRecord(quotas, ([startMs, used, remaining, resetMs]) => ({
      startMs,
      used,
      rateLimit: remaining === undefined || resetMs === undefined ? undefined : { remaining, resetMs },
    })),
    remembered: new Map(Object.entries(remembered)),
    inFlight: inFlight.map(({ tick: tickMs, id = tickMs, sinks, samples }) => ({ tickMs, id, sinks, samples })),
  };
}

function convertRecord<From, To>(record: Readonly<Record<string, From>>, convert: (from: From) => To): Map<string, To> {
  return new Map(Object.entries(record).map(([name, value]) => [name, convert(value)]));
}

function parseStream({
  epoch,
  mark,
  first,
  span,
  looked,
  open,
  lost,
  seen,
}: z.infer<typeof StreamDocument>): StreamState {
  return {
    epochMs: epoch,
    watermarkMs: mark,
    isFirst: first === 1,
    spanMs: span,
    lastUsedMs: looked,
    open: new Map(
      open.map(([id, firstSeenMs, lastLookMs, missing, note]): readonly [string, OpenState] => [
        id,
        { firstSeenMs, lastCheckedMs: lastLookMs, missing, note },
      ]),
    ),
    lost: new Map(Object.entries(lost ?? {})),
    seen: convertRecord(seen, (seconds) => seconds * 1000),
  };
}

function parseSeries(rows: readonly SeriesRow[]): Map<string, Series> {
  const series = new Map<string, Series>();
  for (const [values, startMs, touchedDay, numbers] of rows) {
    series.set(joinLabelValues(values), { values, startMs, touchedDay, numbers: [...numbers] });
  }
  return series;
}

/** No label value has control characters. */
export function joinLabelValues(values: readonly string[]): string {
  return values.join('\u0000');
}

export function formatState(state: State): string {
  const document: StateDocument = {
    format,
    tick: state.tickMs,
    epoch: state.epochMs,
    ...(state.provenMs === state.tickMs ? {} : { proven: state.provenMs }),
    ...(state.vendorMs === undefined ? {} : { vendor: state.vendorMs }),
    ...(state.deliveryId <= state.tickMs ? {} : { delivery: state.deliveryId }),
    streams: convertMap(state.streams, formatStream),
    metrics: convertMap(state.totals, ({ labels, bounds, series }) => ({
      labels: [...labels],
      bounds,
      series: [...series.values()].map(({ values, startMs, touchedDay, numbers }) => [
        values,
        startMs,
        touchedDay,
        numbers,
      ]),
    })),
    followed: convertMap(state.followed, (rows) =>
      [...rows].map(([hash, { startMs, touchedDay, numbers }]) => [hash, startMs, touchedDay, [...numbers]]),
    ),
    quotas: convertMap(state.budgets, ({ startMs, used, rateLimit }) =>
      rateLimit === undefined ? [startMs, used] : [startMs, used, rateLimit.remaining, rateLimit.resetMs],
    ),
    remembered: Object.fromEntries(state.remembered),
    inFlight: state.inFlight.map(({ tickMs, id, sinks, samples }) => ({
      tick: tickMs,
      ...(id === tickMs ? {} : { id }),
      sinks: [...sinks],
      samples,
    })),
  };
  return JSON.stringify(document);
}

function convertMap<From, To>(map: ReadonlyMap<string, From>, convert: (from: From) => To): Record<string, To> {
  // Not an object literal: a stream may be named `__proto__`.
  return Object.fromEntries([...map].map(([name, value]) => [name, convert(value)]));
}

function formatStream(stream: StreamState): z.infer<typeof StreamDocument> {
  const { epochMs, watermarkMs, isFirst, spanMs, lastUsedMs: lookedMs, open, lost, seen } = stream;
  return {
    epoch: epochMs,
    mark: watermarkMs,
    ...(isFirst ? { first: 1 } : {}),
    ...(spanMs === undefined ? {} : { span: spanMs }),
    looked: lookedMs,
    open: [...open].map(([id, { firstSeenMs, lastCheckedMs: lastLookMs, missing, note }]) => {
      const row: readonly [string, number, number, number] = [id, firstSeenMs, lastLookMs, missing];
      return note === undefined ? [...row] : [...row, note];
    }),
    ...(lost.size === 0 ? {} : { lost: Object.fromEntries(lost) }),
    // Rounded up: to remember a finish for one second too long is harmless.
    seen: convertMap(seen, (timeMs) => Math.ceil(timeMs / 1000)),
  };
}
