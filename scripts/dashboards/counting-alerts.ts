/** The alerting rules on the counting of finished runs. */
import { increasesDropped, watermarkLag } from '../../lambda/model/catalogue/collector-metrics.ts';
import { oldestVisit } from '../../lambda/model/catalogue/crawl-metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import {
  bridgedMinutes,
  countingLateMinutes,
  droppedMinutes,
  latePatienceMinutes,
  looksLateMinutes,
  looksPatienceMinutes,
} from './thresholds.ts';

const bridged = durationOf(bridgedMinutes);
const dropped = durationOf(droppedMinutes);

/** Sources that read their parts in turn, which are behind by plan. */
const told = `last_over_time(${selector(oldestVisit)}[${bridged}])`;

/** Alerts on the counting of finished runs: a total that stands still looks like a quiet night. */
export const countingAlerts: readonly Alert[] = [
  {
    name: 'CountingLate',
    expr: `last_over_time(${selector(watermarkLag)}[${bridged}]) > ${String(countingLateMinutes * 60)} unless ${told}`,
    forMinutes: latePatienceMinutes,
    severity: 'warning',
    summary:
      'Source {{ $labels.source }} ({{ $labels.system }}) is {{ $value | humanizeDuration }} behind with counting finished runs',
    description:
      'Lists of the source are cut short by a budget, or a part of them cannot be read. Nothing is lost while the CI system still lists the runs; until they are counted, rates and ratios of runs are too low. The line "run finished" in the log of the function names the part.',
    runbook: 'counting-late',
    reason: `The threshold of the stack's alarm. A list that is cut short once catches up within ${durationOf(latePatienceMinutes)}.`,
  },
  {
    name: 'LooksLate',
    expr: `${told} > ${String(looksLateMinutes * 60)}`,
    forMinutes: looksPatienceMinutes,
    severity: 'warning',
    summary:
      'A repository of source {{ $labels.source }} ({{ $labels.system }}) was not read for {{ $value | humanizeDuration }}',
    description:
      'The requests of the credential do not suffice for so many repositories, or something else uses them up. A dry run shows the plan; select fewer repositories, give each project a source and a token of its own, or let a webhook tell.',
    runbook: 'looks-late',
    reason: 'A budget of 1,000 requests an hour comes round to 5,000 repositories within 16 hours.',
  },
  {
    name: 'IncreasesDropped',
    expr: `max_over_time(${selector(increasesDropped)}[${dropped}]) > 0`,
    forMinutes: 1,
    severity: 'warning',
    summary: 'Sink {{ $labels.sink }} has lost {{ $value }} increases of counters',
    description:
      'The sink refused increases for good, or for so long that they became too old; its counters are too low from now on. Sinks that take running totals are not concerned. The line "run finished" in the log of the function has the reason.',
    runbook: 'increases-dropped',
    reason: `One is a loss; it is shown for ${dropped}, because the metric tells of the last run alone.`,
  },
];
