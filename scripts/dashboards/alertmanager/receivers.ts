/** Writes what Slack, PagerDuty, OpsGenie and Tekton are told, in the templates of Alertmanager. */
import type { Explained } from './routes.ts';

/** Alertmanager reads each from a file, so that its configuration holds no secret. */
const secrets = '/etc/alertmanager/secrets';

/** Slack cuts a long text; what is left out is said. */
const mostLines = 20;

/** What the alerts of one message have in common, such as " of source main". */
const where = [
  '{{ with .CommonLabels.source }} of source {{ . }}{{ end }}',
  '{{ if not .CommonLabels.source }}{{ with .CommonLabels.collector }} of collector {{ . }}{{ end }}{{ end }}',
].join('');

/** Names of queues and pipelines come from outside; in Slack `<!channel>` would call everybody. */
const harmless = '| reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"';

const title = `{{ if eq .Status "firing" }}{{ len .Alerts.Firing }} firing{{ else }}resolved{{ end }}${where}`;

function listAlerts(list: 'Firing' | 'Resolved', line: string): string {
  const most = String(mostLines);
  return [
    `{{ range $index, $alert := .Alerts.${list} }}{{ if lt $index ${most} }}${line}\n{{ end }}{{ end }}`,
    `{{ if gt (len .Alerts.${list}) ${most} }}These are the first ${most} of {{ len .Alerts.${list} }}.\n{{ end }}`,
  ].join('');
}

/** One line an alert: its name, what it is about, since when, and what to do. */
const slackText = [
  listAlerts(
    'Firing',
    `*{{ .Labels.alertname }}* since {{ .StartsAt.UTC.Format "15:04" }} UTC: {{ .Annotations.summary ${harmless} }} ({{ .Annotations.runbook }})`,
  ),
  listAlerts('Resolved', `Over: {{ .Annotations.summary ${harmless} }}`),
].join('');

/** What a person reads on a telephone: the first alert in full, and how many more there are. */
const oneLine = [
  '{{ with index .Alerts.Firing 0 }}{{ .Annotations.summary }}{{ end }}',
  '{{ if gt (len .Alerts.Firing) 1 }} (the first of {{ len .Alerts.Firing }}){{ end }}',
].join('');
const told = `{{ if .Alerts.Firing }}${oneLine}{{ else }}Over${where}{{ end }}`;

const plainList = [
  listAlerts('Firing', '{{ .Labels.alertname }}: {{ .Annotations.summary }} {{ .Annotations.runbook }}'),
  listAlerts('Resolved', 'Over: {{ .Annotations.summary }}'),
].join('');

/** The receivers of `alertmanager.yaml`, in the order of its routes. */
export const receivers: readonly Explained[] = [
  {
    reason: 'The token that the interceptor of examples/tekton asks for; one call an alert, and none when it is over.',
    value: {
      name: 'tekton',
      webhook_configs: [
        {
          url: 'http://el-ci-alarms.ci.svc.cluster.local:8080',
          send_resolved: false,
          http_config: {
            authorization: { type: 'Bearer', credentials_file: `${secrets}/tekton` },
            follow_redirects: false,
          },
        },
      ],
    },
  },
  {
    reason: 'The key of an integration "Events API V2".',
    value: {
      name: 'pagerduty',
      pagerduty_configs: [
        {
          routing_key_file: `${secrets}/pagerduty`,
          description: told,
          severity: 'critical',
          details: { alerts: plainList },
        },
      ],
    },
  },
  {
    reason: 'The key of an integration "API"; OpsGenie ends on 5 April 2027.',
    value: {
      name: 'opsgenie',
      opsgenie_configs: [
        { api_key_file: `${secrets}/opsgenie`, message: told, description: plainList, priority: 'P1' },
      ],
    },
  },
  {
    reason: 'The URL of an incoming webhook, which is a secret itself.',
    value: {
      name: 'slack',
      slack_configs: [
        {
          api_url_file: `${secrets}/slack`,
          channel: '#ci',
          send_resolved: true,
          title,
          fallback: title,
          text: slackText,
        },
      ],
    },
  },
];

/** What Amazon SNS tells: the same, as plain text. AWS refuses a subject beyond 100 characters of ASCII. */
export const snsMessage = {
  subject: '{{ .Status }}: CI, {{ len .Alerts }} alerts',
  message: plainList,
} as const;
