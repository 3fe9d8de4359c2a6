/** Writes the configuration of Alertmanager, with the reason for each part beside it. */
import { Document, isMap, isSeq, type Node, stringify } from 'yaml';
import { receivers, snsMessage } from './receivers.ts';
import { commonRoute, type Explained, inhibitions, repairable, urgent } from './routes.ts';

const routes: readonly Explained[] = [
  {
    reason: 'To pipelines that repair: one call an alert, with all of its labels.',
    value: {
      receiver: 'tekton',
      matchers: repairable,
      group_by: ['...'],
      group_wait: '10s',
      continue: true,
    },
  },
  {
    reason: 'To whoever is on call. Delete the service that you do not have, and its receiver.',
    value: { receiver: 'pagerduty', matchers: [urgent], continue: true },
  },
  { reason: '', value: { receiver: 'opsgenie', matchers: [urgent], continue: true } },
  { reason: 'Everything, also what was told elsewhere.', value: { receiver: 'slack' } },
];

/**
 * The whole file `alertmanager-amp.yaml`. The alert manager of AWS knows two receivers, SNS and PagerDuty, and takes the
 * usual configuration as one text.
 */
export function managedAlertmanagerFile(introduction: readonly string[]): string {
  const inside = stringify(
    {
      route: { receiver: 'sns', ...commonRoute },
      inhibit_rules: inhibitions.map(({ value }) => value),
      receivers: [
        {
          name: 'sns',
          sns_configs: [{ topic_arn: 'TOPIC_ARN', sigv4: { region: 'REGION' }, send_resolved: true, ...snsMessage }],
        },
      ],
    },
    { lineWidth: 0 },
  );
  const document = new Document({ alertmanager_config: inside });
  document.commentBefore = introduction.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

/** The whole file `alertmanager.yaml`; `introduction` stands above it. */
export function alertmanagerFile(introduction: readonly string[]): string {
  const document = new Document({
    route: { receiver: 'slack', ...commonRoute, routes: routes.map(({ value }) => value) },
    inhibit_rules: inhibitions.map(({ value }) => value),
    receivers: receivers.map(({ value }) => value),
  });
  document.commentBefore = introduction.map((line) => ` ${line}`).join('\n');
  explain(document.getIn(['route', 'routes']), routes);
  explain(document.get('inhibit_rules'), inhibitions);
  explain(document.get('receivers'), receivers);
  return document.toString({ lineWidth: 0 });
}

function explain(list: unknown, parts: readonly Explained[]): void {
  if (!isSeq<Node>(list)) return;
  for (const [index, { reason }] of parts.entries()) {
    const item = list.items[index];
    if (isMap(item) && reason !== '') item.commentBefore = ` ${reason}`;
  }
}
