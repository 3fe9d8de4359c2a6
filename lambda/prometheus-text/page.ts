/** The types of a parsed page: families, samples, exemplars. */
import type { Remark } from './remarks.ts';

/** What a page may declare of a metric. `untyped` (text format) and `unknown` (OpenMetrics) both say nothing. */
export type PageType =
  'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'untyped' | 'unknown';

/** Label values by name, sorted by name; without `__name__` and without empty values, which mean "no label". */
export type PageLabels = ReadonlyMap<string, string>;

/** OpenMetrics: one observation with a pointer to where it came from. */
export interface PageExemplar {
  readonly labels: PageLabels;
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timestampMs?: number;
}

/** One line of a page, nothing lost. */
export interface PageSample {
  /** As it stands on the line, `_bucket`, `_sum`, `_total` and the like included. */
  readonly name: string;
  readonly labels: PageLabels;
  /** Labels that stand on the line without a value; absent where there are none. */
  readonly emptyLabels?: readonly string[];
  /** NaN and infinities are values as any other. */
  readonly value: number;
  /** Epoch milliseconds; absent where the line has none. */
  readonly timestampMs?: number;
  readonly exemplar?: PageExemplar;
}

/**
 * The samples of one metric, in the order of the page. One that does not fit the type of its metric stands in an untyped
 * one under its own name: there may be two of one name.
 */
export interface PageFamily {
  /** As TYPE and HELP name it: without `_bucket` and, in OpenMetrics, without `_total`. */
  readonly name: string;
  readonly type: PageType;
  /** The metric that these samples were written for, where they do not fit its type. */
  readonly of?: string;
  readonly help?: string;
  /** OpenMetrics only. */
  readonly unit?: string;
  readonly samples: readonly PageSample[];
}

export interface Page {
  /** In the order of the page; those without a sample are left out. */
  readonly families: readonly PageFamily[];
  /** What is odd on it; nothing is missing but for what these say. */
  readonly remarks: readonly Remark[];
  /** Wanted lines that repeat a series of the page at the same time; the first one is kept. */
  readonly duplicates: number;
  /** Sample lines on the page, those that `keep` turned away included. */
  readonly lines: number;
}
