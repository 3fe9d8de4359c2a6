import { increasesDropped, watermarkLag } from '../../lambda/model/catalogue.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import { bridgedMinutes, countingLateMinutes, droppedMinutes, latePatienceMinutes } from './thresholds.ts';

const bridged = durationOf(bridgedMinutes);
const dropped = durationOf(droppedMinutes);

/** Alerts on the counting of finished runs: a total that stands still looks like a quiet night. */
export const countingAlerts: readonly Alert[] = [
  {
    name: 'CountingLate',
    expr: `last_over_time(${selector(watermarkLag)}[${bridged}]) > ${String(countingLateMinutes * 60)}`,
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
