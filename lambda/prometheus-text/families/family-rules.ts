/** Which samples belong to a metric, and which of them fit its type. */
import { parseValue } from '../numbers.ts';
import type { PageLabels, PageSample, PageType } from '../page.ts';

/** Endings of the samples that belong to a metric; '' stands for the metric's own name. */
const textSuffixes: Partial<Readonly<Record<PageType, readonly string[]>>> = {
  histogram: ['', '_bucket', '_sum', '_count'],
  gaugehistogram: ['', '_bucket', '_gsum', '_gcount'],
  summary: ['', '_sum', '_count'],
};

const openMetricsSuffixes: Readonly<Record<PageType, readonly string[]>> = {
  counter: ['_total', '_created', ''],
  gauge: [''],
  unknown: [''],
  untyped: [''],
  stateset: [''],
  info: ['_info'],
  summary: ['', '_sum', '_count', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
};

export const formats = ['text', 'openmetrics'] as const;
export type Format = (typeof formats)[number];

export function chooseSuffixes(format: Format, type: PageType): readonly string[] {
  return format === 'text' ? (textSuffixes[type] ?? ['']) : openMetricsSuffixes[type];
}

/** Suffixes after which a sample can belong to another metric than one of its own name. */
export const allSuffixes = ['_bucket', '_sum', '_count', '_gsum', '_gcount', '_total', '_created', '_info'] as const;

type Rule = (format: Format, suffix: string, sample: PageSample) => string | undefined;

/** Types without a rule take any value. */
const rules: Partial<Readonly<Record<PageType, Rule>>> = {
  histogram: checkHistogram,
  gaugehistogram: checkHistogram,
  summary: checkSummary,
  counter: (format, suffix, sample) => (suffix === '_created' ? undefined : checkTotal(format, sample)),
  info: (_format, _suffix, { value }) => (value === 1 ? undefined : 'an info metric has the value 1'),
  stateset: (_format, _suffix, { value }) => (value === 0 || value === 1 ? undefined : 'a state is 0 or 1'),
};

/** Why a sample cannot belong to a metric of this type; undefined where it can. */
export function checkSample(
  format: Format,
  { name, type }: { readonly name: string; readonly type: PageType },
  sample: PageSample,
): string | undefined {
  const suffix = sample.name.slice(name.length);
  const problem = rules[type]?.(format, suffix, sample);
  if (problem !== undefined || format === 'text') return problem;
  if (type === 'stateset' && !sample.labels.has(name)) return 'a state set needs a label with its own name';
  return undefined;
}

/** What OpenMetrics does not allow although it is not ambiguous; undefined where everything is allowed. */
export function findOddity(
  { name, type }: { readonly name: string; readonly type: PageType },
  sample: PageSample,
): string | undefined {
  const suffix = sample.name.slice(name.length);
  if (type === 'counter' && suffix === '')
    return name.endsWith('_total')
      ? 'TYPE names a counter with _total'
      : 'the name of a counter does not end with _total';
  if (sample.exemplar !== undefined && suffix !== '_bucket' && type !== 'counter')
    return 'an exemplar stands at a sample that is neither a bucket nor a counter';
  return undefined;
}

function checkHistogram(format: Format, suffix: string, sample: PageSample): string | undefined {
  if (suffix === '_sum' || suffix === '_gsum' || suffix === '_created') return undefined;
  if (suffix === '') return 'a histogram has no sample of its own name';
  if (suffix === '_bucket') {
    const problem = checkBound(sample.labels, 'le');
    if (problem !== undefined) return problem;
  }
  return checkCount(format, sample);
}

function checkSummary(format: Format, suffix: string, sample: PageSample): string | undefined {
  if (suffix === '') return checkBound(sample.labels, 'quantile');
  return suffix === '_count' ? checkCount(format, sample) : undefined;
}

/** The text format takes any value for a counter. */
function checkTotal(format: Format, sample: PageSample): string | undefined {
  return format === 'openmetrics' ? checkCount(format, sample) : undefined;
}

function checkCount(format: Format, { value }: PageSample): string | undefined {
  if (value < 0) return 'a count cannot be negative';
  return format === 'openmetrics' && Number.isNaN(value) ? 'a count cannot be NaN' : undefined;
}

function checkBound(labels: PageLabels, name: 'le' | 'quantile'): string | undefined {
  const bound = labels.get(name);
  if (bound === undefined) return `expected a label "${name}"`;
  const value = parseValue(bound);
  return value === undefined || Number.isNaN(value) ? `the label "${name}" is no number` : undefined;
}
