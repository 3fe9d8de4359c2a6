/** What it costs to tell people of alarms, where others than mail are told. */
import type { Alarms } from '../../config/deployment.ts';
import type { Receiver } from '../../config/notify.ts';
import type { CostLine } from '../../sinks/sink.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';

/** Changes of alarms and of queues in them in a busy month; no configuration says it. */
const messagesAMonth = 1000;

/** A call of the function that makes a message: it asks CloudWatch two or three times. Seconds, GB of `infra/alarms/notify/messenger.ts`. */
const messenger = { seconds: 1, gigabytes: 0.25 } as const;

const million = 1_000_000;

/** Who gets an HTTP request from EventBridge; chat is told by a topic, and the mail is that of CloudWatch. */
const byRequest: ReadonlySet<Receiver['kind']> = new Set([
  'webhook',
  'pagerduty',
  'opsgenie',
  'jira-service-management',
]);

export function priceMessages({ notify, webhook }: Pick<Alarms, 'notify' | 'webhook'>): readonly CostLine[] {
  const kinds = [...notify.map(({ kind }) => kind), ...(webhook === undefined ? [] : (['webhook'] as const))];
  const told = kinds.filter((kind) => kind !== 'email');
  if (told.length === 0) return [];
  const requests = messagesAMonth * kinds.filter((kind) => byRequest.has(kind)).length;
  const { seconds, gigabytes } = messenger;
  return [
    {
      item: 'function behind the alarms',
      usd:
        messagesAMonth * seconds * gigabytes * prices.lambdaGigabyteSecondOnArm +
        (messagesAMonth / million) * prices.millionInvocations,
      basis: `${groupDigits(messagesAMonth)} messages × ${String(seconds)} s × ${String(gigabytes * 1024)} MB`,
    },
    {
      item: 'messages of alarms',
      usd: (messagesAMonth / million) * prices.millionCustomEvents + (requests / million) * prices.millionApiRequests,
      basis: `${groupDigits(messagesAMonth)} events × $${prices.millionCustomEvents.toFixed(2)} a million, ${groupDigits(requests)} requests × $${prices.millionApiRequests.toFixed(2)} a million`,
    },
  ];
}

/** The secrets of receivers, by name or ARN: each is stored, and read only by a deployment. */
export function listReceiverSecrets({ notify, webhook }: Pick<Alarms, 'notify' | 'webhook'>): readonly string[] {
  const ofReceivers = notify.flatMap((receiver) => findSecret(receiver)?.secret ?? []);
  return webhook === undefined ? ofReceivers : [...ofReceivers, webhook.token.secret];
}

function findSecret(receiver: Receiver): { readonly secret: string } | undefined {
  switch (receiver.kind) {
    case 'webhook':
      return receiver.token;
    case 'pagerduty':
      return receiver.routingKey;
    case 'opsgenie':
    case 'jira-service-management':
      return receiver.apiKey;
    case 'email':
    case 'slack':
    case 'teams':
      return undefined;
  }
}
