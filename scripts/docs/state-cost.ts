/** Writes the table about what the state of counters costs. */
import { packBody } from '../../lambda/counters/stores/dynamodb/body.ts';
import { buildHeadItem, splitBody } from '../../lambda/counters/stores/dynamodb/items.ts';
import { sealDocument } from '../../lambda/counters/stores/seal.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import { formatOutbox } from '../../lambda/counters/outbox/outbox.ts';
import { prices } from '../../lambda/cost/prices.ts';
import { countReadUnits, countWriteUnits } from '../../lambda/cost/lines/request-units.ts';
import { loadOf, rememberedMinutes, warmUp } from '../counting/load.ts';
import { alignedTable } from './table.ts';

/** AWS's month. */
const minutesPerMonth = 730 * 60;

const sizes = [500, 5000, 50_000] as const;
const intervalsMinutes = [1, 5] as const;

/** What has just finished is remembered by its key, so that it matters how much that is. */
const finishesPerPipelineHour = 2;

/** The deliveries of three hours stand in the memory of a sink that adds what it is sent. */
const settledTicks = 180;

interface DocumentCost {
  readonly bytes: number;
  readonly items: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

// Once, for everybody who asks: the pages are made of ready texts.
const states = await Promise.all(sizes.map(async (series) => ({ series, cost: await stateCost(series) })));
const outbox = await outboxCost();

/** The table of `docs/deploying.md` about the state of counters, from documents as the collector writes them. */
export function stateCostTable(): string {
  const head = [
    ...['series', 'compressed kB', 'items', 'read units a run', 'write units a run'],
    ...intervalsMinutes.map((minutes) => `$ a month, every ${minutes === 1 ? 'minute' : `${String(minutes)} minutes`}`),
  ];
  const rows = states.map(({ series, cost }) => [
    series.toLocaleString('en-US'),
    rounded(cost.bytes / 1000).toLocaleString('en-US'),
    String(cost.items),
    rounded(cost.readUnits + outbox.readUnits).toLocaleString('en-US'),
    rounded(cost.writeUnits + outbox.writeUnits).toLocaleString('en-US'),
    ...intervalsMinutes.map((minutes) => monthlyUsd(cost, minutes)),
  ]);
  return alignedTable(head, rows);
}

/** The size of a compressed document differs a little between processors, and two figures are enough for a price. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

function monthlyUsd(cost: DocumentCost, minutes: number): string {
  const reads = rounded(cost.readUnits + outbox.readUnits) * prices.millionReadUnits;
  const writes = rounded(cost.writeUnits + outbox.writeUnits) * prices.millionWriteUnits;
  return (((reads + writes) / 1e6) * (minutesPerMonth / minutes)).toFixed(2);
}

async function stateCost(series: number): Promise<DocumentCost> {
  const store = createMemoryStateStore();
  const load = loadOf(series, store);
  for (const step of warmUp(load)) await load.tick(step);
  const finishes = Math.round((load.pipelines * finishesPerPipelineHour * rememberedMinutes) / 60);
  await load.tick({ finishes, minutes: 1 });
  const stored = await store.load('bench/main', new AbortController().signal);
  return documentCost(stored?.body ?? '');
}

function outboxCost(): Promise<DocumentCost> {
  const ticks = Array.from({ length: settledTicks }, (_, index) => Date.UTC(2026, 0, 5, 12, index));
  return documentCost(formatOutbox({ entries: [], settled: { 'buildkite/main': ticks } }));
}

/** A document that is read, and replaced by one that is as large. */
async function documentCost(body: string): Promise<DocumentCost> {
  const bytes = await packBody(body);
  const parts = splitBody(bytes).map((piece) => piece.byteLength);
  const head = headBytes() + (parts.length === 0 ? bytes.byteLength : 0);
  const sum = (units: (size: number) => number): number => parts.reduce((total, size) => total + units(size), 0);
  return {
    bytes: bytes.byteLength,
    items: 1 + parts.length,
    readUnits: countReadUnits(head) + sum(countReadUnits),
    // The parts of the document before are deleted, which costs as much as to write them.
    writeUnits: countWriteUnits(head) + 2 * sum(countWriteUnits),
  };
}

function headBytes(): number {
  const write = '01942f1e-7c4a-4d2b-9d51-000000000000';
  const [id, version] = ['buildkite/main', 100_000] as const;
  const seal = sealDocument(id, version, '');
  const item = buildHeadItem(id, { version, write, parts: 0, body: undefined, seal, expiresMs: 0 });
  return Buffer.byteLength(JSON.stringify(item));
}
