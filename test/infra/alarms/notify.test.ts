/** Tests of who is told of alarms: which rules, which requests, which secrets. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { buildMessage } from '../../../lambda/alarms/message.ts';
import type { Telling } from '../../../lambda/alarms/decide.ts';
import { resolved } from '../intrinsics.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise, type Synthesis, synthesiseVariant } from '../synthesis.ts';
import { deliverMessage, rulesIn } from './deliver-message.ts';

function withReceivers(receivers: readonly object[], more: object = {}): Synthesis {
  const config = configOf('minimal');
  const whole = { ...config, alarms: { ...config.alarms, notify: receivers, ...more } };
  return synthesise(CollectorConfig.parse(whole));
}

const sender = {
  collector: 'ci-metrics',
  account: '111122223333',
  region: 'eu-west-1',
  console: 'console.aws.amazon.com',
  logGroup: '/ci/log',
  dashboard: 'ci-metrics-eu-west-1',
  runbook: 'https://docs.example.com/operating.md',
  ciPages: { buildkite: 'https://buildkite.com/organizations/acme/clusters' },
};

/** An alarm that names no queue. */
const unnamed: Telling = {
  alarm: 'ci-metrics/any-queue-starved/buildkite',
  group: 'ci-metrics/any-queue-stuck/buildkite',
  state: 'ALARM',
  previousState: '',
  reason:
    'Threshold Crossed: 5 datapoints were greater than the threshold (0.0). The most recent datapoint which crossed the threshold: [4.0 (01/03/26 03:12:00)].',
  changedAt: '2026-03-01T03:12:45.123+0000',
  isQuiet: false,
  isNamedInParts: false,
};

const stuck: Telling = {
  ...unnamed,
  contributor: { Source: 'buildkite', Scope: 'production', Queue: 'default' },
};

const message = buildMessage(stuck, sender);

/** What each target gets of a message. */
function bodiesOf({ template }: Synthesis, telling: Telling): readonly unknown[] {
  return deliverMessage(template, buildMessage(telling, sender)).map(({ body }) => body);
}

const pagerduty = { kind: 'pagerduty', routingKey: { secret: 'ci/pagerduty', key: 'routing' }, severity: 'critical' };
const jira = { kind: 'jira-service-management', apiKey: { secret: 'ci/jira' } };
const webhook = { kind: 'webhook', url: 'https://events.example.com/', token: { secret: 'ci/receiver' } };
const slack = { kind: 'slack', workspace: 'T01ABCDEF23', channel: 'C01ABCDEF23' };

describe('PagerDuty', () => {
  const synthesis = withReceivers([pagerduty]);
  const { template } = synthesis;

  it('gets the documented event, with the queue, since when, how many jobs, and links', () => {
    expect(bodiesOf(synthesis, stuck)).toEqual([
      {
        event_action: 'trigger',
        dedup_key: 'eu-west-1/ci-metrics/any-queue-stuck/buildkite/default/production/buildkite',
        client: 'CI metrics collector',
        client_url: message.page,
        links: message.links,
        payload: {
          summary: 'ALARM: queue "default" of production (source buildkite): 4 jobs wait and no worker takes them',
          source: 'ci-metrics/any-queue-starved/buildkite',
          severity: 'critical',
          timestamp: '2026-03-01T03:12:45.123Z',
          component: 'default',
          group: 'buildkite',
          class: 'any-queue-starved',
          custom_details: message.facts,
        },
      },
    ]);
    // PagerDuty Events API v2: {href, text} is a link.
    expect(message.links.map(({ text }) => text)).toEqual(['Dashboard', 'Alarm', 'Log', 'Runbook', 'CI system']);
    expect(message.links.every((link) => Object.keys(link).sort().join() === 'href,text')).toBe(true);
  });

  it('is told by the same key that it is over, also while it is muted', () => {
    const over = { ...stuck, state: 'OK', isQuiet: true } as const;

    expect(bodiesOf(synthesis, over)).toEqual([{ event_action: 'resolve', dedup_key: message.key }]);
  });

  it('is not told of what nobody is to be told of, nor of a whole whose queues are told', () => {
    const named = { ...unnamed, alarm: stuck.group, isNamedInParts: true };

    expect(bodiesOf(synthesis, { ...stuck, isQuiet: true })).toEqual([]);
    expect(bodiesOf(synthesis, named)).toEqual([]);
    expect(bodiesOf(synthesis, { ...named, isNamedInParts: false })).toHaveLength(1);
  });

  it('has its key in a body parameter that is a reference, and nowhere in clear', () => {
    const [connection] = resolved(template, 'AWS::Events::Connection');
    const reference = '{{resolve:secretsmanager:ci/pagerduty:SecretString:routing::}}';

    expect(connection?.properties['AuthParameters']).toMatchObject({
      InvocationHttpParameters: { BodyParameters: [{ Key: 'routing_key', Value: reference, IsValueSecret: true }] },
    });
  });

  it.each([
    ['us', 'https://events.pagerduty.com/v2/enqueue'],
    ['eu', 'https://events.eu.pagerduty.com/v2/enqueue'],
  ])('in %s is at %s', (region, url) => {
    const { template: own } = withReceivers([{ ...pagerduty, region }]);

    expect(
      resolved(own, 'AWS::Events::ApiDestination').map(({ properties }) => properties['InvocationEndpoint']),
    ).toEqual([url]);
  });
});

describe('Jira Service Management and OpsGenie', () => {
  const synthesis = withReceivers([{ ...jira, severity: 'warning' }]);
  const { template } = synthesis;

  it('open an alert by an alias of the queue', () => {
    const [body] = bodiesOf(synthesis, stuck);

    expect(body).toEqual({
      message: message.title,
      alias: message.alias,
      description: message.text,
      details: message.facts,
      entity: 'queue "default" of production (source buildkite)',
      source: 'CI metrics collector',
      priority: 'P3',
      tags: ['ci-metrics'],
    });
    expect(message.alias).toMatch(/^ci-metrics-[0-9a-f]{32}$/);
    // "Create alert": message of 130 characters, details of texts.
    expect(message.title.length).toBeLessThanOrEqual(130);
    expect(Object.values(message.facts).every((value) => typeof value === 'string')).toBe(true);
  });

  it('close it by the alias in the path', () => {
    const closing = rulesIn(template).filter(({ Targets }) => Targets[0]?.HttpParameters !== undefined);

    expect(closing.map(({ EventPattern }) => EventPattern.detail.state)).toEqual([['OK']]);
    expect(closing[0]?.Targets[0]?.HttpParameters).toEqual({ PathParameterValues: ['$.detail.alias'] });
    expect(
      resolved(template, 'AWS::Events::ApiDestination').map(({ properties }) => properties['InvocationEndpoint']),
    ).toEqual([
      'https://api.atlassian.com/jsm/ops/integration/v2/alerts',
      'https://api.atlassian.com/jsm/ops/integration/v2/alerts/*/close?identifierType=alias',
    ]);
  });

  it('get the key with the word before it', () => {
    const [connection] = resolved(template, 'AWS::Events::Connection');

    expect(connection?.properties['AuthParameters']).toEqual({
      ApiKeyAuthParameters: {
        ApiKeyName: 'Authorization',
        ApiKeyValue: 'GenieKey {{resolve:secretsmanager:ci/jira:SecretString:::}}',
      },
    });
  });

  it('OpsGenie says at the synthesis when it ends', () => {
    const { stack, template: own } = withReceivers([{ kind: 'opsgenie', region: 'eu', apiKey: { secret: 'ci/og' } }]);

    expect(JSON.stringify(resolved(own, 'AWS::Events::ApiDestination'))).toContain(
      'https://api.eu.opsgenie.com/v2/alerts',
    );
    expect(notesOf(stack)).toMatch(/OpsGenie ends on 5 April 2027.*jira-service-management/);
  });
});

function notesOf(stack: Synthesis['stack']): string {
  return stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.map(({ data }) => String(data)))
    .join('\n');
}

describe('a webhook', () => {
  const synthesis = withReceivers([webhook]);

  it('gets a flat message of a queue', () => {
    expect(bodiesOf(synthesis, stuck)).toEqual([
      {
        alarm: 'ci-metrics/any-queue-starved/buildkite',
        state: 'ALARM',
        reason: stuck.reason,
        changedAt: '2026-03-01T03:12:45.123+0000',
        region: 'eu-west-1',
        account: '111122223333',
        contributor: { Source: 'buildkite', Scope: 'production', Queue: 'default' },
        severity: 'error',
        key: message.key,
        title: message.title,
        links: message.links,
      },
    ]);
  });

  it('gets the whole as well, and what has no data', () => {
    const whole: Telling = { ...unnamed, alarm: stuck.group, isNamedInParts: true, previousState: 'OK' };

    expect(bodiesOf(synthesis, whole)).toMatchObject([{ alarm: stuck.group, previousState: 'OK' }]);
    expect(bodiesOf(synthesis, { ...whole, state: 'INSUFFICIENT_DATA' })).toHaveLength(1);
    expect(bodiesOf(synthesis, { ...whole, state: 'OK', isQuiet: true })).toEqual([]);
  });

  it('of the older setting is the same receiver', () => {
    const { kind, ...older } = webhook;
    const before = withReceivers([], { webhook: { ...older, header: 'X-Ci-Metrics-Token' } });

    expect(kind).toBe('webhook');
    expect(rulesIn(before.template)).toEqual(rulesIn(synthesis.template));
  });

  it.each([[{}], [{ alarms: { exclude: ['token-*'] } }]])(
    'is told of what tells people, without a choice: %j',
    (choice) => {
      const { template } = withReceivers([{ ...webhook, ...choice }]);
      const { metricAlarms, compositeAlarms } = alarmsIn(template);

      const mailed = [...metricAlarms, ...compositeAlarms]
        .filter(({ AlarmActions }) => AlarmActions.length > 0)
        .map(({ AlarmName }) => AlarmName.replace('ci-metrics/', 'alarm/'))
        // The alarm on messages that could not be delivered cannot be delivered either.
        .filter((name) => name !== 'alarm/alarms-undelivered');
      const told = rulesIn(template).flatMap(({ EventPattern }) => EventPattern.detail.about);
      expect(told.filter((name) => name.startsWith('alarm/')).toSorted()).toEqual(mailed.toSorted());
      expect(told).toContain('each/any-queue-starved/buildkite');
    },
  );

  it('is told of parts that it chooses by name, which then call the function', () => {
    const { template } = withReceivers([{ ...webhook, alarms: { include: ['collector-silent'] } }]);
    const { metricAlarms } = alarmsIn(template);
    const part = metricAlarms.find(({ AlarmName }) => AlarmName === 'ci-metrics/collector-silent');

    expect(rulesIn(template).map(({ EventPattern }) => EventPattern.detail.about)).toEqual([
      ['alarm/collector-silent'],
    ]);
    expect(part?.AlarmActions).toEqual([expect.stringContaining(':function:')]);
  });

  it('that chooses no alarm is an error that lists what there is', () => {
    expect(() => withReceivers([{ ...webhook, alarms: { include: ['runs-stuck/*'] } }])).toThrow(
      /alarms\.notify\.0\.alarms.*chooses no alarm of this stack; there are: any-queue-starved\/buildkite/,
    );
  });
});

describe('chat', () => {
  const synthesis = withReceivers([{ ...slack, severity: 'warning' }]);
  const { template, stack } = synthesis;

  it('gets a custom notification in a thread of the queue', () => {
    expect(bodiesOf(synthesis, stuck)).toEqual([
      {
        version: '1.0',
        source: 'custom',
        id: message.alias,
        content: {
          textType: 'client-markdown',
          title: message.title,
          description: message.text,
          keywords: ['warning', 'any-queue-starved'],
        },
        metadata: {
          threadId: message.alias,
          summary: message.title,
          eventType: 'ALARM',
          relatedResources: ['ci-metrics/any-queue-starved/buildkite'],
          additionalContext: { severity: 'warning', source: 'buildkite', queue: 'default' },
        },
      },
    ]);
  });

  it('may read alarms and metrics, and its guardrail allows no more', () => {
    const [channel] = resolved(template, 'AWS::Chatbot::SlackChannelConfiguration');
    const policies = resolved(template, 'AWS::IAM::ManagedPolicy');

    expect(policies).toHaveLength(1);
    expect(JSON.stringify(policies[0]?.properties['PolicyDocument'])).not.toMatch(/cloudwatch:(Put|Set|Delete|\*)/);
    expect(channel?.properties).toMatchObject({
      SlackWorkspaceId: 'T01ABCDEF23',
      SlackChannelId: 'C01ABCDEF23',
      GuardrailPolicies: [expect.stringContaining('Guardrail')],
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('AdministratorAccess');
  });

  it('says at the synthesis what has to be done by hand before the deployment', () => {
    expect(notesOf(stack)).toMatch(/alarms\.notify\.0: before the first deployment, authorise the workspace by hand/);
  });

  it('may be Microsoft Teams', () => {
    const id = '11111111-2222-3333-4444-555555555555';
    const channel = '19%3aab12cd34%40thread.tacv2';
    const { template: own, stack: teams } = withReceivers([{ kind: 'teams', tenant: id, team: id, channel }]);

    const [made] = resolved(own, 'AWS::Chatbot::MicrosoftTeamsChannelConfiguration');
    expect(made?.properties).toMatchObject({ TeamId: id, TeamsChannelId: channel });
    expect(made?.properties['GuardrailPolicies']).toHaveLength(1);
    expect(notesOf(teams)).toMatch(/authorise the team by hand/);
  });
});

describe('mail', () => {
  const subscriptionsOf = ({ template }: Synthesis): readonly unknown[] =>
    resolved(template, 'AWS::SNS::Subscription').map(({ properties }) => properties);

  it('comes from the topic itself, and needs nothing else of the stack', () => {
    const synthesis = withReceivers([{ kind: 'email', address: 'a@example.com' }]);

    expect(subscriptionsOf(synthesis)).toMatchObject([{ Protocol: 'email', Endpoint: 'a@example.com' }]);
    expect(JSON.stringify(subscriptionsOf(synthesis))).not.toContain('FilterPolicy');
    expect(resolved(synthesis.template, 'AWS::Events::Rule')).toEqual([]);
  });

  it('is filtered by the names of the chosen alarms', () => {
    const synthesis = withReceivers([{ kind: 'email', address: 'a@example.com', alarms: { include: ['source-*'] } }]);

    expect(subscriptionsOf(synthesis)).toMatchObject([
      { FilterPolicyScope: 'MessageBody', FilterPolicy: { AlarmName: ['ci-metrics/source-down/buildkite'] } },
    ]);
  });

  it('of a part of an alarm is refused, with what to do', () => {
    const chooser = { kind: 'email', address: 'a@example.com', alarms: { include: ['collector-silent'] } };

    expect(() => withReceivers([chooser])).toThrow(/chooses collector-silent, a part .* choose that alarm/);
  });
});

describe('quiet hours', () => {
  const mutedIn = ({ template }: Synthesis): readonly string[] =>
    resolved(template, 'AWS::CloudWatch::AlarmMuteRule').flatMap(
      ({ properties }) =>
        z.object({ MuteTargets: z.object({ AlarmNames: z.array(z.string()) }) }).parse(properties).MuteTargets
          .AlarmNames,
    );
  const nights = { cron: '0 20 * * MON-FRI', durationMinutes: 600, timeZone: 'Europe/Berlin' };

  it('mute every alarm with its parts, but not that the collector is dead', () => {
    const synthesis = withReceivers([], { mute: [nights] });
    const [rule] = resolved(synthesis.template, 'AWS::CloudWatch::AlarmMuteRule');

    expect(rule?.properties['Rule']).toEqual({
      Schedule: { Expression: 'cron(0 20 * * MON-FRI)', Duration: 'PT10H', Timezone: 'Europe/Berlin' },
    });
    const muted = mutedIn(synthesis).join('\n');
    expect(muted).toContain('anyqueuestuck');
    expect(muted).toContain('anyqueuestarved');
    expect(muted).not.toContain('collectordown');
    expect(muted).not.toContain('collectorsilent');
  });

  it('mute what is chosen', () => {
    const synthesis = withReceivers([], { mute: [{ ...nights, alarms: { include: ['source-down/*'] } }] });

    expect(mutedIn(synthesis)).toHaveLength(1);
  });

  it('that mute nothing are an error', () => {
    const mute = [{ ...nights, alarms: { include: ['no-such-*'] } }];

    expect(() => withReceivers([], { mute })).toThrow(/alarms\.mute\.0\.alarms.*chooses no alarm/);
  });
});

describe('what nobody took', () => {
  const { template } = withReceivers([pagerduty, slack]);

  it('goes to one queue after 15 minutes, from every rule', () => {
    const dead = new Set(
      rulesIn(template).flatMap(({ Targets }) => Targets.map(({ DeadLetterConfig }) => DeadLetterConfig.Arn)),
    );
    const ages = new Set(
      rulesIn(template).flatMap(({ Targets }) =>
        Targets.map(({ RetryPolicy }) => RetryPolicy.MaximumEventAgeInSeconds),
      ),
    );

    expect(dead.size).toBe(1);
    expect([...ages]).toEqual([900]);
  });

  it('raises an alarm that tells the topic and not the receivers', () => {
    const alarm = alarmsIn(template).metricAlarms.find(
      ({ AlarmName }) => AlarmName === 'ci-metrics/alarms-undelivered',
    );

    expect(alarm?.AlarmActions).toEqual([expect.stringContaining(':sns:')]);
  });

  it('is not there without receivers', () => {
    const none = synthesiseVariant('minimal').template;

    expect(resolved(none, 'AWS::Events::Rule')).toEqual([]);
    expect(alarmsIn(none).metricAlarms.map(({ AlarmName }) => AlarmName)).not.toContain(
      'ci-metrics/alarms-undelivered',
    );
  });
});
