/** The alerting rules for metrics that arrive by a Pushgateway. */
import { lastRun } from '../../lambda/model/catalogue/collector-metrics.ts';
import type { Alert } from './alert.ts';
import { selector } from './promql.ts';
import { pushAgeMinutes, settlingMinutes, sinkDownMinutes } from './thresholds.ts';

/** The gateway's own metrics of each group (Pushgateway README, "About metric inconsistencies" and "Metrics"). */
const pushed = 'push_time_seconds';
const refused = 'push_failure_time_seconds';

/** Only jobs of collectors: a gateway may hold the pushes of others. */
const ofCollectors = `and on (job) ${selector(lastRun)}`;

const group = 'of {{ $labels.job }}{{ with $labels.source }} for source {{ . }}{{ end }}';

/** Alerts on the groups in a Pushgateway, which shows the last push for ever. */
export const pushgatewayAlerts: readonly Alert[] = [
  {
    name: 'PushOld',
    expr: `time() - ${pushed} > ${String(pushAgeMinutes * 60)}\n  ${ofCollectors}`,
    forMinutes: settlingMinutes,
    severity: 'warning',
    summary: `The last push ${group} is {{ $value | humanizeDuration }} old`,
    description:
      'The gateway keeps showing figures that nobody has renewed. If CollectorSilent fires too, the collector does not run or does not reach the gateway. If not, this group is refused, or it was left behind by a former job, grouping or source: delete it in the gateway.',
    runbook: 'push-old',
    reason: 'Several intervals: a group that was left out of a run or two is no fault yet.',
  },
  {
    name: 'PushRefused',
    expr: `${refused} > ${pushed}\n  ${ofCollectors}`,
    forMinutes: sinkDownMinutes,
    severity: 'warning',
    summary: `The gateway has refused the last push ${group}`,
    description:
      'The group keeps what it had before. Usually another group in the gateway has a metric of the same name with another type, or exactly the same series. The line "run finished" in the log of the function has the answer of the gateway.',
    runbook: 'push-refused',
    reason: 'Three intervals of one minute.',
  },
];
