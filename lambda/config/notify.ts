/** Settings of who is told of alarms, how, and when nobody is. */
import * as z from 'zod';
import { guardUrl } from '../http/settings.ts';
import { SecretName } from '../secrets/secret-ref.ts';
import { Selection } from '../settings/glob.ts';
import { OperatorName } from '../settings/operator-name.ts';

/** CreateApiDestination API reference, InvocationEndpoint: https alone, these characters, and so many of them. */
const endpointText = /^(?:%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@&=+$,A-Za-z0-9])+$/;
const mostEndpointCharacters = 2048;

const WebhookUrl = guardUrl(
  z.url({ protocol: /^https$/, error: 'must be an https:// URL' }).max(mostEndpointCharacters),
).refine((url) => endpointText.test(url), {
  error: "must be of letters, digits, %XX and -()_.!~*';/?:@&=+$, which is what EventBridge takes",
});

/**
 * CloudFormation user guide, "Dynamic references to Secrets Manager": colons divide a reference and braces end it, so
 * that neither may be in a part of it.
 */
const referencePart = /^[^:{}\s]+$/;

/** A secret that CloudFormation hands to EventBridge; the template has its name only. */
export const DeployedSecret = z.strictObject({
  secret: SecretName.meta({
    description: 'Name or ARN of a secret in AWS Secrets Manager that exists and has its value before the deployment.',
  }),
  key: z
    .string()
    .regex(referencePart, { error: 'must have no blank, colon or brace: CloudFormation reads it as its own' })
    .optional()
    .meta({ description: 'Member of the JSON object that the secret holds.' }),
});
export type DeployedSecret = z.infer<typeof DeployedSecret>;

const alarms = Selection.optional().meta({
  description:
    'Which alarms are told, by the last part of their names, such as `runs-stuck/*`; default: those that tell the topic. `include` also reaches the parts of composite alarms.',
});

const webhookSettings = {
  url: WebhookUrl.meta({
    description:
      'Public https URL that takes a POST for each change of an alarm: a Tekton EventListener, for instance.',
  }),
  header: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,128}$/, { error: 'must be the name of an HTTP header' })
    .default('X-Ci-Metrics-Token')
    .meta({ description: 'Header that carries the token, for the receiver to check.' }),
  token: DeployedSecret.meta({
    description: 'What the receiver checks; CloudFormation hands it to EventBridge, the template never has it.',
  }),
  alarms,
};

/** The older form of a receiver of the kind `webhook`. */
export const AlarmWebhook = z
  .strictObject(webhookSettings)
  .meta({ id: 'AlarmWebhook', description: 'An HTTP receiver that acts on alarms; `notify` takes several.' });

/** As PagerDuty has them (Events API v2, "PD-CEF"). */
export const severities = ['critical', 'error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

const named = {
  name: OperatorName.optional().meta({
    description: 'Tells receivers of one kind apart; default: the kind.',
  }),
  alarms,
};

const severity = z.enum(severities).default('error').meta({
  description:
    'How serious its alarms are; two receivers of a kind may have two severities, each with alarms of its own.',
});

const region = z.enum(['us', 'eu']).default('us').meta({ description: 'Where the account of the vendor is.' });

const Email = z
  .strictObject({
    kind: z.literal('email'),
    ...named,
    address: z.email().meta({ description: 'Has to confirm once. The mail is that of CloudWatch itself.' }),
  })
  .meta({ id: 'EmailReceiver', description: 'A mail for each alarm that goes off or is over.' });

const Webhook = z
  .strictObject({ kind: z.literal('webhook'), ...named, severity, ...webhookSettings })
  .meta({ id: 'WebhookReceiver', description: 'An HTTP receiver that acts on alarms.' });

const PagerDuty = z
  .strictObject({
    kind: z.literal('pagerduty'),
    ...named,
    severity,
    region,
    routingKey: DeployedSecret.meta({
      description: 'Integration key of an integration "Events API V2"; CloudFormation hands it to EventBridge.',
    }),
  })
  .meta({ id: 'PagerDutyReceiver', description: 'Incidents in PagerDuty, one a queue, that resolve by themselves.' });

const integrationKey = DeployedSecret.meta({
  description: 'Key of an integration "API", without `GenieKey`; CloudFormation hands it to EventBridge.',
});

const JiraServiceManagement = z
  .strictObject({ kind: z.literal('jira-service-management'), ...named, severity, apiKey: integrationKey })
  .meta({
    id: 'JiraServiceManagementReceiver',
    description: 'Alerts in Jira Service Management, one a queue, that close by themselves.',
  });

const OpsGenie = z
  .strictObject({ kind: z.literal('opsgenie'), ...named, severity, region, apiKey: integrationKey })
  .meta({
    id: 'OpsGenieReceiver',
    description: 'Alerts in OpsGenie, which ends on 5 April 2027: use `jira-service-management` for what is new.',
  });

const Slack = z
  .strictObject({
    kind: z.literal('slack'),
    ...named,
    severity,
    workspace: z
      .string()
      .regex(/^[0-9A-Z]{1,255}$/, { error: 'must be the id of a Slack workspace such as T01ABCDEF23' })
      .meta({ description: 'Id of the workspace, once it is authorised in the console of Amazon Q Developer.' }),
    channel: z
      .string()
      .regex(/^[A-Za-z0-9]{1,255}$/, { error: 'must be the id of a channel such as C01ABCDEF23, not its name' })
      .meta({ description: 'Id of the channel: the end of its link.' }),
  })
  .meta({ id: 'SlackReceiver', description: 'Messages in a channel of Slack, by Amazon Q Developer.' });

const uuid = /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/;

const Teams = z
  .strictObject({
    kind: z.literal('teams'),
    ...named,
    severity,
    tenant: z
      .string()
      .regex(uuid, { error: 'must be the UUID of a tenant' })
      .meta({ description: 'Id of the tenant.' }),
    team: z.string().regex(uuid, { error: 'must be the UUID of a team' }).meta({ description: 'Id of the team.' }),
    channel: z
      .string()
      // CloudFormation template reference, AWS::Chatbot::MicrosoftTeamsChannelConfiguration, TeamsChannelId.
      .regex(/^[\w\-=+/.,]{1,100}%3[aA][\w\-=+/.,]{1,150}%40thread\.tacv2$/, {
        error: 'must be the id in the link of the channel, such as 19%3aab12…%40thread.tacv2',
      })
      .meta({ description: 'Id of the channel, as it stands in its link.' }),
  })
  .meta({ id: 'TeamsReceiver', description: 'Messages in a channel of Microsoft Teams, by Amazon Q Developer.' });

export const Receiver = z
  .discriminatedUnion('kind', [Email, Webhook, Slack, Teams, PagerDuty, JiraServiceManagement, OpsGenie])
  .meta({ id: 'Receiver', description: 'Who is told of alarms, and of which.' });
export type Receiver = z.infer<typeof Receiver>;

/** CloudWatch API reference, PutAlarmMuteRule, Duration: 15 days. */
const mostMuteMinutes = 15 * 24 * 60;

const field = String.raw`[0-9A-Za-z*,\-/]+`;
const cron = new RegExp(`^${field}(?: ${field}){4}$`);

/** A time in which alarms change and nobody is told. */
export const Mute = z
  .strictObject({
    cron: z
      .string()
      .regex(cron, { error: 'must have five fields: minute, hour, day of the month, month, day of the week' })
      .meta({ description: 'When it begins, such as `0 20 * * MON-FRI`.' }),
    durationMinutes: z.int().min(1).max(mostMuteMinutes).meta({ description: 'How long it lasts.' }),
    timeZone: z
      .string()
      .refine((zone) => zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone), {
        error: 'must be a time zone of IANA such as Europe/Berlin',
      })
      .default('UTC')
      .meta({ description: 'Of the cron; its summer time counts.' }),
    alarms: Selection.optional().meta({
      description: 'Which alarms are muted, with their parts; default: all but `collector-down`.',
    }),
  })
  .meta({
    id: 'Mute',
    description: 'Quiet hours: nobody is told of what goes off, and at their end of what is still on.',
  });
export type Mute = z.infer<typeof Mute>;
