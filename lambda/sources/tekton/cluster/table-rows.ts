import { BadResponseError } from '../../../http/errors/errors.ts';
import { spanOf, type Span } from './age.ts';
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
  readonly started?: Span | undefined;
  readonly completed?: Span | undefined;
}

export interface Rows {
  readonly rows: readonly RunRow[];
  /** Rows that cannot be read. */
  readonly damaged: number;
}

/** @throws BadResponseError for a table without the columns of a run. */
export function rowsOf(table: z.output<typeof Table>, nowMs: number, where: string): Rows {
  const columns = columnsOf(table, where);
  const rows: RunRow[] = [];
  let damaged = 0;
  for (const raw of table.rows ?? []) {
    const parsed = Row.safeParse(raw);
    if (parsed.success) rows.push(rowOf(parsed.data, columns, nowMs));
    else damaged += 1;
  }
  return { rows, damaged };
}

interface Columns {
  readonly succeeded: number;
  readonly reason: number;
  /** -1 where a release has no such column. */
  readonly started: number;
  readonly completed: number;
}

/** By name: columns are a matter of the CRD, and their order is not promised. */
function columnsOf({ columnDefinitions }: z.output<typeof Table>, where: string): Columns {
  const at = (name: string): number => columnDefinitions.findIndex((column) => column.name === name);
  const columns = {
    succeeded: at('Succeeded'),
    reason: at('Reason'),
    started: at('StartTime'),
    completed: at('CompletionTime'),
  };
  if (columns.succeeded === -1 || columns.reason === -1) {
    throw new BadResponseError(where, 'the table lacks the columns Succeeded and Reason of a Tekton run');
  }
  return columns;
}

function rowOf({ cells, object: { metadata } }: z.output<typeof Row>, columns: Columns, nowMs: number): RunRow {
  const started = spanOf(cells[columns.started], nowMs);
  return {
    ...describedBy(metadata),
    uid: metadata.uid,
    createdMs: metadata.creationTimestamp,
    condition: {
      status: textOf(cells[columns.succeeded]),
      reason: textOf(cells[columns.reason]),
      hasStarted: started !== undefined,
    },
    started,
    completed: spanOf(cells[columns.completed], nowMs),
  };
}

export function describedBy({ name, namespace, labels, annotations }: Metadata): Described {
  return { name, namespace, labels: labels ?? {}, annotations: annotations ?? {} };
}

function textOf(cell: unknown): string | undefined {
  return typeof cell === 'string' && cell !== '' ? cell : undefined;
}
