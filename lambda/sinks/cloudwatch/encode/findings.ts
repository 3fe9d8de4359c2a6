/** Collects what the encoder leaves out, and makes problems of it. */
import { formatDimensionName } from '../../../model/for-sinks/cloud-watch-shape.ts';
import type { MetricDefinition } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import { shortenExample } from '../../../series/losses/findings.ts';
import type { CloudWatchConfig } from '../config.ts';
import { type Datum, formatSeries } from './datum.ts';
import type { OmissionReason } from './check-datum.ts';

/** What the encoder leaves out; equal reasons are counted, not listed. */
export interface Findings {
  /** Called once a metric, with the number of series that two sources gave alike. */
  readonly noteMetric: (definition: MetricDefinition, duplicates: number) => void;
  readonly noteOmission: (datum: Datum, reason: OmissionReason) => void;
  readonly problems: () => readonly Problem[];
  /** Increases among what was left out: no later run makes up for them. */
  readonly lostSums: () => number;
}

interface OmissionCount {
  count: number;
  readonly example: string;
  readonly remedy: string;
}

export function createFindings({ name, dimensions }: CloudWatchConfig): Findings {
  const where = `cloudwatch/${name}`;
  const duplicates = { count: 0, example: '' };
  const hidden = new Set<string>();
  const omissions = new Map<string, OmissionCount>();
  let lostSums = 0;
  const extraNames = Object.keys(dimensions);
  return {
    noteMetric: (definition, count) => {
      if (count > 0 && duplicates.count === 0) duplicates.example = definition.name;
      duplicates.count += count;
      const own = new Set(definition.cloudWatch.dimensionSets.flat().map(formatDimensionName));
      for (const extra of extraNames) if (own.has(extra)) hidden.add(extra);
    },
    noteOmission: (datum, { reason, remedy }) => {
      const known = omissions.get(reason);
      if (known === undefined) omissions.set(reason, { count: 1, example: formatSeries(datum), remedy });
      else known.count += 1;
      if (datum.reading === 'sums') lostSums += 1;
    },
    lostSums: () => lostSums,
    problems: () => [
      ...(duplicates.count === 0 ? [] : [describeDuplicates(where, duplicates)]),
      ...(hidden.size === 0 ? [] : [describeHiddenDimensions(where, [...hidden])]),
      ...[...omissions].map(([reason, omission]) => describeOmission(where, reason, omission)),
    ],
  };
}

function describeDuplicates(where: string, { count, example }: { count: number; example: string }): Problem {
  return {
    kind: 'configuration',
    where,
    message: `two sources give the same series (${String(count)}, such as of ${example}) and only the first is sent; give each token to one source only`,
  };
}

function describeHiddenDimensions(where: string, names: readonly string[]): Problem {
  return {
    kind: 'configuration',
    where,
    message: `${names.join(', ')} under \`dimensions\` is left out where a metric has a dimension of that name itself; choose another name`,
  };
}

function describeOmission(where: string, reason: string, { count, example, remedy }: OmissionCount): Problem {
  const datums = count === 1 ? '1 datum was' : `${String(count)} datums were`;
  return {
    kind: 'rejected',
    where,
    message: `${datums} left out because ${reason}, such as ${shortenExample(example)}; ${remedy}`,
  };
}
