/** Finds out beforehand whether PutMetricData would refuse a datum. */
import type { Dimension } from '../../../model/for-sinks/cloud-watch-shape.ts';
import {
  maxDimensionNameLength,
  maxDimensions,
  maxDimensionValueLength,
  maxMagnitude,
  maxMetricNameLength,
  maxNamespaceLength,
} from '../limits.ts';

/** Why PutMetricData would refuse a datum, and what to do; static texts, so that equal faults are one problem. */
export interface OmissionReason {
  readonly reason: string;
  readonly remedy: string;
}

const printable = /^[\x20-\x7e]*$/;

const inSource = 'rename it in the CI system, or exclude the metric under `metrics` of this sink';
const inConfiguration = 'change `dimensions` of this sink';
const inCode = 'please report it, and exclude the metric under `metrics` of this sink until it is mended';

/** Undefined for names that PutMetricData takes. */
export function checkNames(namespace: string, name: string): OmissionReason | undefined {
  if (!isName(namespace, maxNamespaceLength) || namespace.startsWith('AWS/'))
    return {
      reason: `the namespace is not 1 to ${String(maxNamespaceLength)} ASCII characters or is one of AWS`,
      remedy: inCode,
    };
  if (!isName(name, maxMetricNameLength))
    return { reason: `the metric name is not 1 to ${String(maxMetricNameLength)} ASCII characters`, remedy: inCode };
  return undefined;
}

function isName(text: string, max: number): boolean {
  return text.length <= max && text.trim() !== '' && !text.startsWith(':') && printable.test(text);
}

/** Undefined for dimensions that PutMetricData takes; those have no other characters than printable ASCII. */
export function checkDimensions(dimensions: readonly Dimension[]): OmissionReason | undefined {
  if (dimensions.length > maxDimensions)
    return { reason: `it has more than ${String(maxDimensions)} dimensions`, remedy: inConfiguration };
  const names = new Set<string>();
  for (const dimension of dimensions) {
    const reason = checkDimension(dimension);
    if (reason !== undefined) return reason;
    if (names.has(dimension.name))
      return { reason: 'two of its dimensions have the same name', remedy: inConfiguration };
    names.add(dimension.name);
  }
  return undefined;
}

function checkDimension({ name, value }: Dimension): OmissionReason | undefined {
  if (!isName(name, maxDimensionNameLength))
    return {
      reason: 'a dimension name is blank, too long, not ASCII or starts with a colon',
      remedy: inConfiguration,
    };
  if (value.trim() === '') return { reason: 'a dimension value is blank', remedy: inSource };
  if (value.length > maxDimensionValueLength)
    return {
      reason: `a dimension value is longer than ${String(maxDimensionValueLength)} characters (others than ASCII count as 6 to 12)`,
      remedy: inSource,
    };
  if (!printable.test(value)) return { reason: 'a dimension value has control characters', remedy: inSource };
  return undefined;
}

/** Undefined for a value that PutMetricData takes. */
export function checkValue(value: number | { readonly values: readonly number[] }): OmissionReason | undefined {
  if (typeof value === 'number' && Math.abs(value) <= maxMagnitude) return undefined;
  const numbers = typeof value === 'number' ? [value] : value.values;
  if (!numbers.every(Number.isFinite)) return { reason: 'a value is not a finite number', remedy: inCode };
  if (numbers.some((number) => Math.abs(number) > maxMagnitude))
    return { reason: 'a value is beyond ±2^360', remedy: inCode };
  return undefined;
}
