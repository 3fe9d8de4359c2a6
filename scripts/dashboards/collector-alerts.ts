/** The alerting rules on the collector itself. */
import {
  lastRun,
  quotaLimit,
  quotaRemaining,
  seriesOverflow,
  sinkUp,
  sourceSamples,
  sourceUp,
} from '../../lambda/model/catalogue/collector-metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import {
  bridgedMinutes,
  emptyMinutes,
  overflowMinutes,
  quotaMinutes,
  quotaRatio,
  settlingMinutes,
  silentMinutes,
  sinkDownMinutes,
  sourceDownMinutes,
  weekendMinutes,
} from './thresholds.ts';

const weekend = durationOf(weekendMinutes);
const bridged = durationOf(bridgedMinutes);
const lastRuns = `${selector(lastRun)}[${weekend}]`;

const source = 'Source {{ $labels.source }} ({{ $labels.system }})';

/** Alerts on the collector itself: without them silence looks like an empty queue. */
export const collectorAlerts: readonly Alert[] = [
  {
    name: 'CollectorSilent',
    expr: `time() - max by (collector, job) (last_over_time(${lastRuns})) > ${String(silentMinutes * 60)}\n  or absent_over_time(${lastRuns})`,
    forMinutes: settlingMinutes,
    severity: 'critical',
    summary:
      '{{ if $labels.collector }}Collector {{ $labels.collector }} has delivered nothing here for {{ $value | humanizeDuration }}{{ else }}No collector has delivered anything here within three days{{ end }}',
    description:
      'The collector does not run, or it cannot deliver to this Prometheus; no figure of it is current, and no other alert on it can fire. Look at the alarms and the log of the function, then at the way from it to here. A collector that was removed on purpose is silent too: silence the alert, it ends after three days.',
    runbook: 'collector-silent',
    reason: `Three intervals of one minute; with a longer interval take three of those. The series of a dead collector end after minutes, so the last value of ${weekend}, longer than a weekend, is taken. It holds for some time, because a Prometheus that was away itself sees an old run first.`,
  },
  {
    name: 'SourceDown',
    expr: `${selector(sourceUp)} == 0`,
    forMinutes: sourceDownMinutes,
    severity: 'critical',
    summary: `${source} does not give everything`,
    description:
      'The collector runs, but this source failed in part or as a whole; the figures of what failed are missing, not old, so alerts on its queues cannot fire. The metric ci_collector_problems tells the kind, the line "run finished" in the log of the function the reason and the remedy. A token that ended is the usual one.',
    runbook: 'source-down',
    reason: 'Three intervals of one minute.',
  },
  {
    name: 'SourceWithoutSamples',
    expr: `max_over_time(${selector(sourceSamples)}[${weekend}]) == 0\n  and ${selector(sourceUp)} == 1`,
    forMinutes: emptyMinutes,
    severity: 'warning',
    summary: `${source} answers, but has given no sample`,
    description:
      'Every poll succeeds and gives nothing: the token belongs to a place without queues, or the selection of queues in the configuration matches none. Compare both with the names that the CI system shows.',
    runbook: 'source-without-samples',
    reason: `A quiet weekend may be empty, so only a source counts that has given nothing for ${weekend}, or since it is known.`,
  },
  {
    name: 'QuotaLow',
    expr: `last_over_time(${selector(quotaRemaining)}[${bridged}])\n  / last_over_time(${selector(quotaLimit)}[${bridged}]) < ${String(quotaRatio)}`,
    forMinutes: quotaMinutes,
    severity: 'warning',
    summary: `${source} has {{ $value | humanizePercentage }} of its API quota left`,
    description:
      'When the quota is used up, the CI system refuses the collector and whatever else uses the same credential. Give each of them a credential of its own, or collect less often.',
    runbook: 'quota-low',
    reason: 'A tenth is left for whoever else uses the credential; the end of a window alone alerts nobody.',
  },
  {
    name: 'SeriesOverflow',
    expr: `${selector(seriesOverflow)} > 0`,
    forMinutes: overflowMinutes,
    severity: 'warning',
    summary: `${source} has more series than allowed: {{ $value }} are folded into #other#`,
    description:
      'The source has more queues than queuesPerMetric allows, or more pipelines and branches than seriesPerMetric; the rest has one series in common, so alerts cannot tell them apart. Leave out what nobody watches, or raise the setting that the problem in the log names.',
    runbook: 'series-overflow',
    reason: 'Names that exist for one build are gone by then.',
  },
  {
    name: 'SinkDown',
    expr: `last_over_time(${selector(sinkUp)}[${bridged}]) == 0`,
    forMinutes: sinkDownMinutes,
    severity: 'warning',
    summary: 'Sink {{ $labels.sink }} does not take everything',
    description:
      'The sink has refused a part of the metrics or all of them; the other sinks have theirs. The line "run finished" in the log of the function has the reason and the remedy. A sink that delivers nothing here cannot tell: then CollectorSilent does.',
    runbook: 'sink-down',
    reason: 'Three intervals of one minute. The first run of a process does not know yet how the sinks did.',
  },
];
