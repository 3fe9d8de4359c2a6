/** Says which alert goes to which receiver of Alertmanager, what arrives together, and what is silent meanwhile. */
import { answersAlarm } from '../../../lambda/sources/tekton/naming.ts';
import { attestationAlerts } from '../attestation-alerts.ts';
import { collectorAlerts } from '../collector-alerts.ts';
import { countingAlerts } from '../counting-alerts.ts';
import { pushgatewayAlerts } from '../pushgateway-alerts.ts';
import { queueAlerts } from '../queue-alerts.ts';
import { runAlerts } from '../run-alerts.ts';
import { tektonAlerts } from '../tekton-alerts.ts';

const known: ReadonlySet<string> = new Set(
  [
    ...queueAlerts,
    ...runAlerts,
    ...attestationAlerts,
    ...tektonAlerts,
    ...collectorAlerts,
    ...countingAlerts,
    ...pushgatewayAlerts,
  ].map(({ name }) => name),
);

/** One matcher of Alertmanager on names of alerts. @throws Error for a name that no rule has */
function matchAlerts(...names: readonly string[]): string {
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`no rule is called ${unknown}`);
  return names.length === 1 ? `alertname="${String(names[0])}"` : `alertname=~"${names.join('|')}"`;
}

/** A route or a rule with the reason that stands above it in the file. */
export interface Explained {
  readonly reason: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * What makes two series ones of the same source. Remote write and files name the collector, a Pushgateway names a job; a
 * label that both sides lack counts as equal.
 */
const sameSource = ['collector', 'job', 'source'] as const;

/**
 * What is silent while another alert is on. `SourceDown` silences nothing: it also goes off for a source that fails in
 * part, whose other queues are as real as ever, and the queues that failed have no series and so no alerts.
 */
export const inhibitions: readonly Explained[] = [
  {
    reason: 'A dead collector silences the rest: what it last said is old.',
    value: {
      source_matchers: [matchAlerts('CollectorSilent')],
      target_matchers: ['alertname!="CollectorSilent"', 'collector=~".+"'],
      equal: ['collector'],
    },
  },
  {
    reason: 'The same by a Pushgateway, whose series have a job and no collector.',
    value: {
      source_matchers: [matchAlerts('CollectorSilent'), 'job=~".+"'],
      target_matchers: ['alertname!="CollectorSilent"', 'collector=""'],
      equal: ['job'],
    },
  },
  {
    reason: 'A queue without workers waits as well; one of the two says it all.',
    value: {
      source_matchers: [matchAlerts('QueueStarved')],
      target_matchers: [matchAlerts('QueueOldestWait', 'JobWaitObjectiveBurning')],
      equal: [...sameSource, 'scope', 'queue'],
    },
  },
];

/** The first route, which decides for all below it. */
export const commonRoute = {
  // One message for each source, however many of its queues are in trouble.
  group_by: [...sameSource],
  group_wait: '30s',
  group_interval: '5m',
  repeat_interval: '12h',
} as const;

/** What pipelines of Tekton can repair by themselves (see `examples/tekton`), but not what they have started. */
export const repairable = [
  matchAlerts('RunsStuck', 'PipelineFailing', 'TektonQuotaExceeded', 'QueueOldestWait', 'QueueStarved'),
  `pipeline!="${answersAlarm}"`,
];

/** Who calls a person at once. */
export const urgent = 'severity="critical"';
