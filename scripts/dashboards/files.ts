/** Lists the files of the folder `dashboards`, with what is written into each. */
import { alertmanagerFile, managedAlertmanagerFile } from './alertmanager/definition.ts';
import type { AlertGroup } from './alert.ts';
import { attestationAlerts } from './attestation-alerts.ts';
import { collectorAlerts } from './collector-alerts.ts';
import { countingAlerts } from './counting-alerts.ts';
import { ciDashboard } from './grafana/ci-dashboard.ts';
import { profileDashboards } from './grafana/profile-dashboards.ts';
import { pushgatewayAlerts } from './pushgateway-alerts.ts';
import { queueAlerts } from './queue-alerts.ts';
import { runAlerts } from './run-alerts.ts';
import { recordingGroups } from './recording-rules.ts';
import { recordingFile, rulesFile } from './rules.ts';
import { tektonAlerts } from './tekton-alerts.ts';

const note = 'Written by `npm run docs` from the code; edit scripts/dashboards, not this file.';

const groups: readonly AlertGroup[] = [
  { name: 'ci-queues', alerts: queueAlerts },
  { name: 'ci-runs', alerts: runAlerts },
  { name: 'ci-attestations', alerts: attestationAlerts },
  { name: 'ci-tekton', alerts: tektonAlerts },
  { name: 'ci-collector', alerts: collectorAlerts },
  { name: 'ci-counting', alerts: countingAlerts },
];

/** Rules of Prometheus for everybody whose metrics arrive there. */
const rules = rulesFile(
  [
    'Alerts on queues, on runs and on the collector, for metrics that come by remote write, a Pushgateway or a textfile.',
    note,
    'The figures are for an interval of one minute; dashboards/README.md says what to change for longer ones.',
    '"runbook" is a path in the repository of the collector: put the address of your copy before it.',
  ],
  groups,
);

/** The same as mimirtool takes it: its namespace is what it replaces as a whole. */
const mimirRules = rulesFile(
  ['The alerts of prometheus-rules.yaml, as mimirtool loads them into Mimir and Grafana Cloud.', note],
  groups,
  { namespace: 'ci-metrics' },
);

/** Only where a Pushgateway stands in between. */
const pushgatewayRules = rulesFile(
  [
    'Alerts on the groups of a Pushgateway, besides those of prometheus-rules.yaml.',
    note,
    'They need a scrape with "honor_labels: true", so that "job" is that of the collector.',
  ],
  [{ name: 'ci-pushgateway', alerts: pushgatewayAlerts }],
);

/** Who is told of those alerts. */
const alertmanager = alertmanagerFile([
  'A configuration of Alertmanager for the alerts of prometheus-rules.yaml and prometheus-rules-pushgateway.yaml.',
  note,
  'Secrets are read from files; dashboards/README.md says which, and what to change.',
]);

/** The same for Amazon Managed Prometheus. */
const managedAlertmanager = managedAlertmanagerFile([
  "The alert manager's definition for Amazon Managed Prometheus: everything to one topic of Amazon SNS.",
  note,
  'Put the ARN of your topic and its Region in the place of TOPIC_ARN and REGION; dashboards/README.md has the commands.',
]);

/** For costs a day and the measures of delivery, whose windows no dashboard should compute each time. */
const recordings = recordingFile(
  [
    'Series of what CI costs a day, where the configuration has prices, and of the four measures of delivery (DORA).',
    note,
    'docs/prices.md and docs/dora.md say what each can and cannot know.',
  ],
  recordingGroups,
);

/** Every generated file of `dashboards/`, by its path from the repository's root. */
export function dashboardFiles(): readonly { readonly path: string; readonly text: string }[] {
  return [
    { path: 'dashboards/grafana-ci.json', text: ciDashboard() },
    ...profileDashboards(),
    { path: 'dashboards/prometheus-rules.yaml', text: rules },
    { path: 'dashboards/prometheus-rules-pushgateway.yaml', text: pushgatewayRules },
    { path: 'dashboards/mimir-rules.yaml', text: mimirRules },
    { path: 'dashboards/alertmanager.yaml', text: alertmanager },
    { path: 'dashboards/alertmanager-amp.yaml', text: managedAlertmanager },
    { path: 'dashboards/prometheus-rules-recording.yaml', text: recordings },
  ];
}
