/** Turns an age in a table cell, such as 3h1m, into the range of time that it stands for. */

/** When something happened, as far as a text that cuts its figures tells; half open. */
export interface TimeRange {
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

const second = 1;
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** In the order of the groups of `age`. */
const units = [year, day, hour, minute, second];
const age = /^(?:(\d{1,5})y)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/** From this age on, `HumanDuration` (k8s.io/apimachinery, pkg/util/duration) cuts off what is smaller than the step. */
const steps: readonly (readonly [fromSeconds: number, stepSeconds: number])[] = [
  [8 * year, year],
  [8 * day, day],
  [8 * hour, hour],
  [10 * minute, minute],
  [0, second],
];

/**
 * The moment that an age in a Table cell means, such as `119s`, `9m59s`, `3h1m`, `2d3h`, `2y3d`.
 * Undefined for an empty cell, for `<invalid>` and for any other text.
 */
export function parseAge(cell: unknown, nowMs: number): TimeRange | undefined {
  if (typeof cell !== 'string' || cell === '') return undefined;
  const match = age.exec(cell);
  if (match === null) return undefined;
  const atLeast = units.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
  const [, step = second] = steps.find(([from]) => atLeast >= from) ?? [];
  return { fromMs: nowMs - (atLeast + step) * 1000, toMs: nowMs - atLeast * 1000 };
}

/** True when the text tells the second: its age was below ten minutes. */
export function isExact({ fromMs, toMs }: TimeRange): boolean {
  return toMs - fromMs <= second * 1000;
}

export function computeMiddle({ fromMs, toMs }: TimeRange): number {
  return (fromMs + toMs) / 2;
}
