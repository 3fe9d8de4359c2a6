/** Maps what the server's own metrics page says. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { buildHistograms } from '../../../prometheus-text/histograms.ts';
import type { Page, PageFamily, PageLabels } from '../../../prometheus-text/page.ts';
import { formatLosses } from '../../../prometheus-text/remarks.ts';
import { type WorkflowLabel, workflowRunDuration, workflowUp } from '../metrics.ts';

export interface MappedPage {
  readonly families: readonly MetricFamily[];
  /** What is missing or wrong on the page, in words for a problem. */
  readonly messages: readonly string[];
}

export interface PageOptions {
  /** The operator's name of the source. */
  readonly source: string;
  readonly isSelected: (workflow: string) => boolean;
}

/**
 * What the page says, under its own names. The gauge is passed on as it is; the histogram goes to the ledger, which tells
 * a restart of the server from a decrease.
 */
export function mapRelayedPage(page: Page, ledger: Ledger | undefined, options: PageOptions): MappedPage {
  const up = page.families.find(({ name }) => name === workflowUp.name);
  const durations = page.families.find(({ name }) => name === workflowRunDuration.name);
  const follower = ledger !== undefined && isCountedFromRuns(ledger) ? undefined : ledger;
  const unsound = durations === undefined ? 0 : followDurations(durations, follower, options);
  return {
    families: up === undefined ? [] : [mapUpFamily(up, options)],
    messages: [
      ...listOptional(formatLosses(page.remarks)),
      // A page with durations has the gauge too; the server leaves it out when its database fails.
      ...(up === undefined && durations !== undefined
        ? [`the page has no ${workflowUp.name}: the server could not read its database, or has just started`]
        : []),
      ...(unsound === 0
        ? []
        : [`${String(unsound)} histograms of ${workflowRunDuration.name} contradict themselves and were left out`]),
    ],
  };
}

function listOptional(loss: string | undefined): readonly string[] {
  return loss === undefined ? [] : [loss];
}

function mapUpFamily({ samples }: PageFamily, { source, isSelected }: PageOptions): MetricFamily {
  return buildGauge(
    workflowUp,
    samples
      .map(({ labels, value }) => ({ labels: mapLabels(labels, source), value }))
      .filter(({ labels, value }) => Number.isFinite(value) && isSelected(labels.workflow)),
  );
}

const countedName = 'durations';

/** From now on the histogram is counted from runs, and the one of the page is left out: both have the same name. */
export function markCounted(ledger: Ledger): void {
  ledger.remember(countedName, 'counted');
}

function isCountedFromRuns(ledger: Ledger): boolean {
  return ledger.recall(countedName, z.literal('counted')) !== undefined;
}

/** How many histograms could not be used. */
function followDurations(family: PageFamily, ledger: Ledger | undefined, { source, isSelected }: PageOptions): number {
  const { histograms, unsound } = buildHistograms(family);
  for (const { labels, bounds, counts, sum, startMs } of histograms) {
    const own = { ...mapLabels(labels, source), status: findLabel(labels, 'status') };
    if (!isSelected(own.workflow) || sum === undefined || !Number.isFinite(sum)) continue;
    ledger?.followHistogram(workflowRunDuration, own, {
      bounds,
      counts,
      sum,
      ...(startMs === undefined ? {} : { startMs }),
    });
  }
  return unsound.length;
}

function mapLabels(labels: PageLabels, source: string): Readonly<Record<WorkflowLabel, string>> {
  return {
    source,
    org: findLabel(labels, 'org'),
    workflow: findLabel(labels, 'workflow'),
    runner: findLabel(labels, 'runner'),
  };
}

/** The first builds with this page had no label for the runner. */
function findLabel(labels: PageLabels, name: string): string {
  return makeLabelValue(labels.get(name) ?? '') ?? 'unknown';
}
