import { dimensionName } from '../../../model/for-sinks/cloud-watch-shape.ts';
import type { MetricDefinition } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import type { CloudWatchConfig } from '../config.ts';
import { type Datum, describe } from './datum.ts';
import type { Fault } from './check-datum.ts';

/** What the encoder leaves out; equal reasons are counted, not listed. */
export interface Findings {
  /** Told once a metric, with the number of series that two sources gave alike. */
  readonly metric: (definition: MetricDefinition, duplicates: number) => void;
  readonly fault: (datum: Datum, fault: Fault) => void;
  readonly problems: () => readonly Problem[];
  /** Increases among what was left out: no later run makes up for them. */
  readonly lostSums: () => number;
}

interface Counted {
  count: number;
  readonly example: string;
  readonly remedy: string;
}

export function createFindings({ name, dimensions }: CloudWatchConfig): Findings {
  const where = `cloudwatch/${name}`;
  const duplicates = { count: 0, example: '' };
  const hidden = new Set<string>();
  const faults = new Map<string, Counted>();
  let lostSums = 0;
  const extraNames = Object.keys(dimensions);
  return {
    metric: (definition, count) => {
      if (count > 0 && duplicates.count === 0) duplicates.example = definition.name;
      duplicates.count += count;
      const own = new Set(definition.cloudWatch.dimensionSets.flat().map(dimensionName));
      for (const extra of extraNames) if (own.has(extra)) hidden.add(extra);
    },
    fault: (datum, { reason, remedy }) => {
      const known = faults.get(reason);
      if (known === undefined) faults.set(reason, { count: 1, example: describe(datum), remedy });
      else known.count += 1;
      if (datum.reading === 'sums') lostSums += 1;
    },
    lostSums: () => lostSums,
    problems: () => [
      ...(duplicates.count === 0 ? [] : [duplicateProblem(where, duplicates)]),
      ...(hidden.size === 0 ? [] : [hiddenProblem(where, [...hidden])]),
      ...[...faults].map(([reason, counted]) => faultProblem(where, reason, counted)),
    ],
  };
}

function duplicateProblem(where: string, { count, example }: { count: number; example: string }): Problem {
  return {
    kind: 'configuration',
    where,
    message: `two sources give the same series (${String(count)}, such as of ${example}) and only the first is sent; give each token to one source only`,
  };
}

function hiddenProblem(where: string, names: readonly string[]): Problem {
  return {
    kind: 'configuration',
    where,
    message: `${names.join(', ')} under \`dimensions\` is left out where a metric has a dimension of that name itself; choose another name`,
  };
}

function faultProblem(where: string, reason: string, { count, example, remedy }: Counted): Problem {
  const datums = count === 1 ? '1 datum was' : `${String(count)} datums were`;
  return { kind: 'rejected', where, message: `${datums} left out because ${reason}, such as ${example}; ${remedy}` };
}
