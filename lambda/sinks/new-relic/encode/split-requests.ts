/** Splits points and events into requests that keep to New Relic's limit, as sent and once unpacked. */
import { gzipSync } from 'node:zlib';
import type { Labels } from '../../../model/metric.ts';
import { maxUnpackedBytes } from '../limits.ts';
import { isAddedUp, type Item, type Point, type QueueEvent } from './item.ts';
import { writeNumber } from './number.ts';

/** The API of metrics and that of events have a host, a path and answers of their own. */
export type Api = 'metrics' | 'events';

export interface ItemsRequest {
  readonly api: Api;
  /** All levels, all added up, or all events. */
  readonly items: readonly Item[];
  /** Compressed. */
  readonly body: Uint8Array;
  readonly unpackedBytes: number;
}

/** Fast: the bytes of a request repeat so much that more effort saves next to nothing. */
const level = 1;

/** Made one by one, while they are sent: all bodies of 10,000 queues at once would only take memory. */
export function* splitRequests(items: Iterable<Item>, common: Labels): Generator<ItemsRequest> {
  let draft = beginRequest();
  for (const item of items) {
    const written = { item, text: writeItem(item), block: writeBlock(item, common) };
    const [first] = draft.items;
    const isOfAnotherKind = first !== undefined && chooseGroup(first.item) !== chooseGroup(item);
    if (isOfAnotherKind || draft.bytes + measureWith(draft, written) > maxUnpackedBytes) {
      if (draft.items.length > 0) yield endRequest(draft);
      draft = beginRequest();
    }
    draft.bytes += measureWith(draft, written);
    draft.items.push(written);
  }
  if (draft.items.length > 0) yield endRequest(draft);
}

/** For samples of one request, or some of them. */
export function encodeRequest(items: readonly Item[], common: Labels): ItemsRequest {
  return endRequest({
    items: items.map((item) => ({ item, text: writeItem(item), block: writeBlock(item, common) })),
    bytes: 0,
  });
}

interface Written {
  readonly item: Item;
  readonly text: string;
  /** What the points around it have in common; undefined for an event. */
  readonly block: string | undefined;
}

interface Draft {
  readonly items: Written[];
  bytes: number;
}

const brackets = '[]';
const blockEnd = ']}';

function beginRequest(): Draft {
  return { items: [], bytes: brackets.length };
}

/** With the comma behind it, and with the block that it may begin. */
function measureWith({ items }: Draft, { text, block }: Written): number {
  const begins = block !== undefined && items.at(-1)?.block !== block;
  const blockBytes = begins ? Buffer.byteLength(block) + blockEnd.length + 1 : 0;
  return Buffer.byteLength(text) + 1 + blockBytes;
}

/** What may be sent again without counting twice never shares a request with what may not. */
function chooseGroup(item: Item): string {
  return isAddedUp(item) ? 'added up' : item.kind;
}

function endRequest({ items }: Draft): ItemsRequest {
  const blocks: string[] = [];
  let at = 0;
  while (at < items.length) {
    const block = items[at]?.block;
    const from = at;
    while (at < items.length && items[at]?.block === block) at += 1;
    const texts = items
      .slice(from, at)
      .map(({ text }) => text)
      .join(',');
    blocks.push(block === undefined ? texts : `${block}${texts}${blockEnd}`);
  }
  const text = Buffer.from(`[${blocks.join(',')}]`);
  return {
    api: items[0]?.item.kind === 'event' ? 'events' : 'metrics',
    items: items.map(({ item }) => item),
    body: gzipSync(text, { level }),
    unpackedBytes: text.byteLength,
  };
}

/** New Relic wants the start of the window, and the end by its length. */
function writeBlock(item: Item, common: Labels): string | undefined {
  if (item.kind === 'event') return undefined;
  const window = isAddedUp(item)
    ? { timestamp: item.timeMs - item.intervalMs, 'interval.ms': item.intervalMs }
    : { timestamp: item.timeMs };
  return `{"common":${JSON.stringify({ ...window, attributes: common })},"metrics":[`;
}

function writeItem(item: Item): string {
  return item.kind === 'event' ? writeEvent(item) : writePoint(item);
}

const types = { level: 'gauge', increase: 'count', observations: 'summary' } as const;

/** Without what its block says. */
export function writePoint({ name, attributes, kind, value }: Point): string {
  const text = typeof value === 'number' ? writeNumber(value) : writeFigures({ ...value });
  return `{"name":${JSON.stringify(name)},"type":"${types[kind]}","value":${text},"attributes":${JSON.stringify(attributes)}}`;
}

function writeEvent({ eventType, timeMs, attributes, figures }: QueueEvent): string {
  const named = JSON.stringify({ eventType, timestamp: timeMs, ...attributes });
  return `${named.slice(0, -1)},${writeFigures(figures).slice(1)}`;
}

function writeFigures(figures: Readonly<Record<string, number>>): string {
  const pairs = Object.entries(figures).map(([name, value]) => `${JSON.stringify(name)}:${writeNumber(value)}`);
  return `{${pairs.join(',')}}`;
}
