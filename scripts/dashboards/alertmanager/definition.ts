/** Writes the configuration of Alertmanager, with the reason for each part beside it. */
import { Document, isMap, isSeq, type Node } from 'yaml';
import { receivers } from './receivers.ts';
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
