/** Checks the settings of the stack that depend on each other: time-outs, e-mails, Regions and tags. */
import { checkAlarms, type WatchedConfig } from './check-alarms.ts';
import type { ConfigFinding } from '../config-error.ts';
import type { Alarms, Deployment } from '../deployment.ts';
import { isRecord } from '../walk-schema.ts';
import { convertInterval } from '../../settings/interval.ts';
import { minuteMs } from '../../model/time.ts';

/** What the checks read of a checked configuration. */
export interface DeployableConfig extends WatchedConfig {
  readonly interval: string;
  readonly deployment: Deployment;
}

/** Between the last delivery of a minute's loop and the end of the invocation: the report has to be written. */
const loopReserveSeconds = 2;

/** Combinations in `alarms` and `deployment` that each setting alone does not show. */
export function checkDeployment(config: DeployableConfig): readonly ConfigFinding[] {
  return [
    ...checkTimeout(config),
    ...checkAlarms(config),
    ...checkEmails(config.alarms),
    ...checkReceiverNames(config.alarms),
    ...checkRegions(config),
    ...checkTags(config.deployment),
    ...checkReferences(config, []),
  ];
}

function checkTimeout({ interval, deployment: { timeoutSeconds } }: DeployableConfig): readonly ConfigFinding[] {
  if (timeoutSeconds === undefined) return [];
  const path = ['deployment', 'timeoutSeconds'];
  const intervalMs = convertInterval(interval);
  if (intervalMs < minuteMs) {
    const least = minuteMs / 1000 + loopReserveSeconds;
    if (timeoutSeconds >= least) return [];
    const message = `an interval of ${interval} loops for a whole minute; use at least ${String(least)}, or leave it out`;
    return [{ path, message }];
  }
  if (timeoutSeconds * 1000 < intervalMs) return [];
  return [{ path, message: `a run may not outlive the interval of ${interval}; use less, or leave it out` }];
}

function checkEmails({ emails, notify }: Alarms): readonly ConfigFinding[] {
  const listed = [
    ...emails.map((address, index) => ({ address, path: ['alarms', 'emails', index] })),
    ...notify.flatMap((receiver, index) =>
      // Two entries with alarms of their own may be for one person.
      receiver.kind === 'email' && receiver.alarms === undefined
        ? [{ address: receiver.address, path: ['alarms', 'notify', index, 'address'] }]
        : [],
    ),
  ];
  return listed.flatMap(({ address, path }, index) =>
    listed.findIndex((other) => other.address === address) === index
      ? []
      : [{ path, message: `"${address}" is listed twice; remove one` }],
  );
}

/** Each receiver has parts of the stack under its name. */
function checkReceiverNames({ notify, webhook }: Alarms): readonly ConfigFinding[] {
  const names = notify.map(({ name, kind }) => name ?? kind);
  const taken = webhook === undefined ? [] : ['webhook'];
  return notify.flatMap(({ kind }, index) => {
    const name = names[index] ?? kind;
    // Mail has no part of its own.
    if (kind === 'email' || ![...taken, ...names.slice(0, index)].includes(name)) return [];
    const message = `"${name}" is the name of another receiver; give this one a "name" of its own`;
    return [{ path: ['alarms', 'notify', index], message }];
  });
}

/** The secrets that CloudFormation hands over, which have to be where the stack is. */
function listDeployedSecrets({
  notify,
  webhook,
}: Alarms): readonly (readonly [RegionalArn['path'], string | undefined])[] {
  return [
    [['alarms', 'webhook', 'token', 'secret'], webhook?.token.secret],
    ...notify.map((receiver, index) => {
      const path = ['alarms', 'notify', index];
      switch (receiver.kind) {
        case 'webhook':
          return [[...path, 'token', 'secret'], receiver.token.secret] as const;
        case 'pagerduty':
          return [[...path, 'routingKey', 'secret'], receiver.routingKey.secret] as const;
        case 'opsgenie':
        case 'jira-service-management':
          return [[...path, 'apiKey', 'secret'], receiver.apiKey.secret] as const;
        case 'email':
        case 'slack':
        case 'teams':
          return [path, undefined] as const;
      }
    }),
  ];
}

/** Settings that name something by its ARN which has to lie where the stack does. */
export interface RegionalArn {
  readonly path: ConfigFinding['path'];
  readonly region: string;
}

const regionalKeys = [
  'logKeyArn',
  'queueKeyArn',
  'topicKeyArn',
  'environmentKeyArn',
  'stateKeyArn',
] as const satisfies readonly (keyof Deployment)[];

/** In the order of the configuration: the topic, a receiver's token, the keys. */
function collectRegionalArns({ alarms, deployment }: DeployableConfig): readonly RegionalArn[] {
  const named: readonly (readonly [RegionalArn['path'], string | undefined])[] = [
    [['alarms', 'topicArn'], alarms.topicArn],
    ...listDeployedSecrets(alarms),
    ...regionalKeys.map((key) => [['deployment', key], deployment[key]] as const),
  ];
  return named.flatMap(([path, arn]) => {
    const region = /^arn:[^:]*:[^:]*:([^:]+):/.exec(arn ?? '')?.[1];
    return region === undefined ? [] : [{ path, region }];
  });
}

/** Wherever the stack is deployed to, one of two Regions is not its own. */
function checkRegions(config: DeployableConfig): readonly ConfigFinding[] {
  const [first, ...more] = collectRegionalArns(config);
  if (first === undefined) return [];
  return more
    .filter(({ region }) => region !== first.region)
    .map(({ path, region }) => ({
      path,
      message: `lies in ${region} and ${first.path.join('.')} in ${first.region}; both have to be in the Region of the stack`,
    }));
}

/** IAM user guide, "Tags": keys of a role are alike in any case, and every role of the stack has the tags. */
function checkTags({ tags }: Deployment): readonly ConfigFinding[] {
  const keys = Object.keys(tags);
  return keys.flatMap((key, index) => {
    const twin = keys.slice(0, index).find((other) => other.toLowerCase() === key.toLowerCase());
    if (twin === undefined) return [];
    return [{ path: ['deployment', 'tags', key], message: `is "${twin}" to IAM, which knows no case; remove one` }];
  });
}

/** CloudFormation looks up whatever has this form, anywhere in a template (user guide, "Dynamic references"). */
function checkReferences(value: unknown, path: ConfigFinding['path']): readonly ConfigFinding[] {
  if (typeof value === 'string') {
    if (!value.includes('{{resolve:')) return [];
    return [{ path, message: 'has {{resolve:…}}, which CloudFormation would look up; write it without' }];
  }
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => checkReferences(item, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => checkReferences(item, [...path, name]));
}
