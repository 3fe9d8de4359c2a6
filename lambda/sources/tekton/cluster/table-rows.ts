/** Parses the rows of a table of runs. */
import { BadResponseError } from '../../../http/errors/errors.ts';
import { parseAge, type TimeRange } from './age.ts';
import { Row, type Metadata, type Table } from './schema.ts';
import type { Condition } from './state.ts';
import type * as z from 'zod';

/** Labels and annotations of a run, from which its pipeline, queue and branch are named. */
export interface Described {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One run as a Table shows it. */
export interface RunRow extends Described {
  readonly uid: string;
  readonly createdMs: number;
  readonly condition: Condition;
  readonly started?: TimeRange | undefined;
  readonly completed?: TimeRange | undefined;
}

export interface Rows {
  readonly rows: readonly RunRow[];
  /** Rows that cannot be read. */
  readonly unreadable: number;
}

/** @throws BadResponseError for a table without the columns of a run. */
export function parseRows(table: z.output<typeof Table>, nowMs: number, where: string): Rows {
  const columns = findColumns(table, where);
  const rows: RunRow[] = [];
  let unreadable = 0;
  for (const raw of table.rows ?? []) {
    const parsed = Row.safeParse(raw);
    if (parsed.success) rows.push(parseRow(parsed.data, columns, nowMs));
    else unreadable += 1;
  }
  return { rows, unreadable };
}

interface Columns {
  readonly succeeded: number;
  readonly reason: number;
  /** -1 where a release has no such column. */
  readonly started: number;
  readonly completed: number;
}

/** By name: columns are a matter of the CRD, and their order is not promised. */
function findColumns({ columnDefinitions }: z.output<typeof Table>, where: string): Columns {
  const findColumn = (name: string): number => columnDefinitions.findIndex((column) => column.name === name);
  const columns = {
    succeeded: findColumn('Succeeded'),
    reason: findColumn('Reason'),
    started: findColumn('StartTime'),
    completed: findColumn('CompletionTime'),
  };
  if (columns.succeeded === -1 || columns.reason === -1) {
    throw new BadResponseError(where, 'the table lacks the columns Succeeded and Reason of a Tekton run');
  }
  return columns;
}

function parseRow({ cells, object: { metadata } }: z.output<typeof Row>, columns: Columns, nowMs: number): RunRow {
  const started = parseAge(cells[columns.started], nowMs);
  return {
    ...describeRun(metadata),
    uid: metadata.uid,
    createdMs: metadata.creationTimestamp,
    condition: {
      status: parseText(cells[columns.succeeded]),
      reason: parseText(cells[columns.reason]),
      hasStarted: started !== undefined,
    },
    started,
    completed: parseAge(cells[columns.completed], nowMs),
  };
}

export function describeRun({ name, namespace, labels, annotations }: Metadata): Described {
  return { name, namespace, labels: labels ?? {}, annotations: annotations ?? {} };
}

function parseText(cell: unknown): string | undefined {
  return typeof cell === 'string' && cell !== '' ? cell : undefined;
}
