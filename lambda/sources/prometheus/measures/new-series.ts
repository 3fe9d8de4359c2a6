/** Remembers which targets were read before, to know which series are new. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import type { Labels } from '../../../model/metric.ts';
import { formatSeriesKey } from '../../../model/families/order.ts';
import type { RelayedFamily } from '../../../model/relayed.ts';
import type { Measure } from './measure-setting.ts';

/** Which measures were looked for on which targets; by names, for a changed configuration begins anew. */
const ReadBefore = z.object({ measures: z.array(z.string()), targets: z.array(z.string()) });

const memoryName = 'read-before';

/** Whether a series can only have come into being after the last look: its target had been read, and had none. */
export type IsNewSeries = (measure: Measure, labels: Labels) => boolean;

/** What was read in earlier runs, and from now on in this one too. */
export function trackNewSeries(
  ledger: Ledger,
  measures: readonly Measure[],
  relayed: readonly RelayedFamily[],
  configured: readonly Labels[],
): IsNewSeries {
  const before = ledger.recall(memoryName, ReadBefore);
  const targets = new Set(before?.targets);
  const known = new Set(before?.measures);
  const wanted = new Set(configured.map(formatTarget));
  // A target that did not answer was read before all the same.
  const kept = [...new Set([...targets, ...collectAnswered(relayed)])].filter((target) => wanted.has(target));
  ledger.remember(memoryName, { measures: measures.map(formatMeasureName), targets: kept.toSorted() });
  return (measure, labels) => known.has(formatMeasureName(measure)) && targets.has(formatTarget(labels));
}

function formatMeasureName({ metric, type, labels }: Measure): string {
  return `${type} ${metric} ${labels.join()}`;
}

function formatTarget({ job = '', instance = '' }: Labels): string {
  return formatSeriesKey({ job, instance });
}

function collectAnswered(relayed: readonly RelayedFamily[]): readonly string[] {
  const up = relayed.find(({ name, about }) => name === 'up' && about === 'scrape');
  return (up?.samples ?? []).filter(({ value }) => value === 1).map(({ labels }) => formatTarget(labels));
}
