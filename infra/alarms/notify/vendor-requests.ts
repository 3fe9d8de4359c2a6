/** The requests that PagerDuty, OpsGenie, Jira Service Management and HTTP receivers get. */
import * as events from 'aws-cdk-lib/aws-events';
import { Fn, SecretValue } from 'aws-cdk-lib/core';
import type { DeployedSecret, Receiver, Severity } from '../../../lambda/config/notify.ts';
import type { MessageRule } from './message-rules.ts';
import { pickField } from './message-rules.ts';

export type ApiReceiver = Extract<Receiver, { kind: 'webhook' | 'pagerduty' | 'opsgenie' | 'jira-service-management' }>;

/** One kind of message and the request that it becomes. */
export interface VendorRequest extends Pick<MessageRule, 'states' | 'where'> {
  readonly id: string;
  /** `*` is replaced by a value of `pathValues`. */
  readonly endpoint: string;
  readonly pathValues?: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  /** Which of the chosen: alarms as a whole, each queue in them, or both. */
  readonly level: 'alarm' | 'each' | 'both';
}

export interface VendorAccess {
  readonly authorization: events.Authorization;
  readonly bodyParameters?: Readonly<Record<string, events.HttpParameter>>;
}

/** A dynamic reference: CloudFormation reads the value when it deploys, and the template holds its name only. */
function referTo({ secret, key }: DeployedSecret): SecretValue {
  return SecretValue.secretsManager(secret, key === undefined ? {} : { jsonField: key });
}

export function describeAccess(receiver: ApiReceiver): VendorAccess {
  switch (receiver.kind) {
    case 'webhook':
      return { authorization: events.Authorization.apiKey(receiver.header, referTo(receiver.token)) };
    case 'pagerduty':
      return {
        // A connection has to have one; PagerDuty reads the key in the body and no header.
        authorization: events.Authorization.apiKey('X-Routing-Key', referTo(receiver.routingKey)),
        bodyParameters: { routing_key: events.HttpParameter.fromSecret(referTo(receiver.routingKey)) },
      };
    case 'opsgenie':
    case 'jira-service-management': {
      const header = Fn.join(' ', ['GenieKey', referTo(receiver.apiKey).unsafeUnwrap()]);
      return { authorization: events.Authorization.apiKey('Authorization', SecretValue.unsafePlainText(header)) };
    }
  }
}

export function listRequests(receiver: ApiReceiver): readonly VendorRequest[] {
  switch (receiver.kind) {
    case 'webhook':
      return listWebhookRequests(receiver);
    case 'pagerduty':
      return listPagerDutyRequests(receiver);
    case 'opsgenie':
      return listAlertRequests(`https://api${receiver.region === 'eu' ? '.eu' : ''}.opsgenie.com/v2/alerts`, receiver);
    case 'jira-service-management':
      return listAlertRequests('https://api.atlassian.com/jsm/ops/integration/v2/alerts', receiver);
  }
}

/** Each queue is told by itself where there is one, and the alarm as a whole is one incident otherwise. */
const onceEach = { isNamedInParts: [false] } as const;

/** Flat, so that a TriggerBinding or any other receiver needs no deep paths. */
function listWebhookRequests({ url, severity }: Extract<ApiReceiver, { kind: 'webhook' }>): readonly VendorRequest[] {
  const named = { alarm: pickField('alarm'), state: pickField('state') };
  const rest = {
    reason: pickField('reason'),
    changedAt: pickField('changedAt'),
    region: pickField('region'),
    account: pickField('account'),
    severity,
    key: pickField('key'),
    title: pickField('title'),
    links: pickField('links'),
  };
  const states = ['ALARM', 'OK', 'INSUFFICIENT_DATA'] as const;
  const request = { endpoint: url, states, where: { isQuiet: [false] } };
  return [
    {
      ...request,
      id: 'Rule',
      level: 'alarm',
      body: { ...named, previousState: pickField('previousState'), ...rest },
    },
    {
      ...request,
      id: 'ContributorRule',
      level: 'each',
      body: { ...named, ...rest, contributor: pickField('contributor') },
    },
  ];
}

/** PagerDuty Events API v2, "Send an alert event"; `routing_key` comes from the connection. */
function listPagerDutyRequests({
  region,
  severity,
}: Extract<ApiReceiver, { kind: 'pagerduty' }>): readonly VendorRequest[] {
  const endpoint = `https://events${region === 'eu' ? '.eu' : ''}.pagerduty.com/v2/enqueue`;
  return [
    {
      id: 'Trigger',
      endpoint,
      level: 'both',
      states: ['ALARM'],
      where: { isQuiet: [false], ...onceEach },
      body: {
        event_action: 'trigger',
        dedup_key: pickField('key'),
        client: 'CI metrics collector',
        client_url: pickField('page'),
        links: pickField('links'),
        payload: {
          summary: pickField('title'),
          source: pickField('alarm'),
          severity,
          timestamp: pickField('since'),
          component: pickField('subject.queue'),
          group: pickField('subject.source'),
          class: pickField('subject.alarmKind'),
          custom_details: pickField('facts'),
        },
      },
    },
    // Also while the alarm is muted: it closes what was opened before, and wakes nobody.
    {
      id: 'Resolve',
      endpoint,
      level: 'both',
      states: ['OK'],
      where: {},
      body: { event_action: 'resolve', dedup_key: pickField('key') },
    },
  ];
}

const priorities: Readonly<Record<Severity, string>> = { critical: 'P1', error: 'P2', warning: 'P3', info: 'P5' };

/** OpsGenie Alert API, and the integration events of Jira Service Management, which have the same form. */
function listAlertRequests(url: string, { severity }: { readonly severity: Severity }): readonly VendorRequest[] {
  const source = 'CI metrics collector';
  return [
    {
      id: 'Create',
      endpoint: url,
      level: 'both',
      states: ['ALARM'],
      where: { isQuiet: [false], ...onceEach },
      body: {
        message: pickField('title'),
        alias: pickField('alias'),
        description: pickField('text'),
        details: pickField('facts'),
        entity: pickField('facts.about'),
        source,
        priority: priorities[severity],
        tags: ['ci-metrics'],
      },
    },
    {
      id: 'Close',
      endpoint: `${url}/*/close?identifierType=alias`,
      pathValues: ['$.detail.alias'],
      level: 'both',
      states: ['OK'],
      where: {},
      body: { source, note: pickField('title') },
    },
  ];
}
