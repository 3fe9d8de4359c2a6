/** Evaluates the part of CloudWatch's metric math that the alarms of this project use. */
import { type Cursor, cursorOver } from './tokens.ts';

/** The part of CloudWatch's metric math that alarms of this project use: arithmetic, comparison, CEIL, IF, FILL and DIFF. */

/** A value a period, the oldest first; undefined where there is none. */
export type Series = readonly (number | undefined)[];

type Value = number | Series;

export interface MathInput {
  /** By their ids; all have the same periods. */
  readonly series: ReadonlyMap<string, Series>;
  /**
   * Whether FILL makes points where none of the metrics has one in the whole range. AWS does not document it, so an
   * alarm must be right either way.
   */
  readonly fillsEmpty: boolean;
}

/** @throws Error for what it does not know. */
export function evaluateMath(expression: string, { series, fillsEmpty }: MathInput): Series {
  const cursor = cursorOver(expression);
  const hasPoints = [...series.values()].some((values) => values.some((value) => value !== undefined));
  const value = comparison(cursor, { series, isFilled: fillsEmpty || hasPoints });
  if (cursor.peek() !== undefined) throw new Error(`cannot read the end of ${expression}`);
  if (typeof value === 'number') throw new Error(`${expression} is a number and no series`);
  return value;
}

interface Scope {
  readonly series: ReadonlyMap<string, Series>;
  readonly isFilled: boolean;
}

type Operation = (a: number, b: number) => number | undefined;

const comparisons: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['>=', (a, b) => Number(a >= b)],
  ['<=', (a, b) => Number(a <= b)],
  ['==', (a, b) => Number(a === b)],
  ['>', (a, b) => Number(a > b)],
  ['<', (a, b) => Number(a < b)],
]);
const sums: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
]);
const products: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['*', (a, b) => a * b],
  ['/', (a, b) => (b === 0 ? undefined : a / b)],
]);

type Level = (cursor: Cursor, scope: Scope) => Value;

function leftToRight(operations: ReadonlyMap<string, Operation>, below: Level): Level {
  return (cursor, scope) => {
    let value = below(cursor, scope);
    for (;;) {
      const token = cursor.peek();
      const operation = token?.kind === 'sign' ? operations.get(token.text) : undefined;
      if (operation === undefined) return value;
      cursor.next();
      value = combined(value, below(cursor, scope), operation);
    }
  };
}

const product = leftToRight(products, atom);
const sum = leftToRight(sums, product);
const comparison: Level = leftToRight(comparisons, sum);

function combined(a: Value, b: Value, operation: Operation): Value {
  if (typeof a === 'number' && typeof b === 'number') return operation(a, b) ?? [];
  return overTime([a, b], ([x, y]) => (x === undefined || y === undefined ? undefined : operation(x, y)));
}

function overTime(
  values: readonly Value[],
  operation: (at: readonly (number | undefined)[]) => number | undefined,
): Series {
  const length = Math.max(...values.map((value) => (typeof value === 'number' ? 0 : value.length)));
  return Array.from({ length }, (_, index) =>
    operation(values.map((value) => (typeof value === 'number' ? value : value[index]))),
  );
}

function atom(cursor: Cursor, scope: Scope): Value {
  if (cursor.take('(')) {
    const inside = comparison(cursor, scope);
    cursor.expect(')');
    return inside;
  }
  const { kind, text } = cursor.next();
  if (kind === 'number') return Number(text);
  if (cursor.take('(')) return called(text, argumentsOf(cursor, scope), scope);
  const found = scope.series.get(text);
  if (found === undefined) throw new Error(`no metric has the id ${text}`);
  return found;
}

function argumentsOf(cursor: Cursor, scope: Scope): readonly Value[] {
  const values: Value[] = [];
  do values.push(comparison(cursor, scope));
  while (cursor.take(','));
  cursor.expect(')');
  return values;
}

function called(name: string, values: readonly Value[], { isFilled }: Scope): Value {
  if (name === 'FILL') return filled(values, isFilled);
  if (name === 'DIFF') return differences(values);
  if (name === 'CEIL') return overTime(values, ([value]) => (value === undefined ? undefined : Math.ceil(value)));
  if (name === 'IF') {
    return overTime(values, ([condition, then, otherwise]) => {
      if (condition === undefined) return undefined;
      return condition === 0 ? otherwise : then;
    });
  }
  throw new Error(`the simulator does not know the function ${name}`);
}

function filled([series, filler]: readonly Value[], isFilled: boolean): Value {
  if (series === undefined || typeof series === 'number' || typeof filler !== 'number')
    throw new Error('FILL takes a metric and a number');
  return isFilled ? series.map((value) => value ?? filler) : series;
}

/** Of each value and the one before it; the first has none (CloudWatch user guide, "Using metric math"). */
function differences([series]: readonly Value[]): Value {
  if (series === undefined || typeof series === 'number') throw new Error('DIFF takes a metric');
  return series.map((value, index) => {
    const before = series.slice(0, index).findLast((earlier) => earlier !== undefined);
    return value === undefined || before === undefined ? undefined : value - before;
  });
}
