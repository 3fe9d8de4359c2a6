/** Any configuration that the checks accept: one that fits the schema, without the settings that its checks refuse. */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { checkConfig } from '../../../lambda/config/checks/check-config.ts';
import type { ConfigPath } from '../../../lambda/config/config-error.ts';
import { buildConfigJsonSchema } from '../../../lambda/config/json-schema.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { isRecord, findValue } from '../../../lambda/config/walk-schema.ts';
import { type Choices, valuesOf } from './from-schema.ts';

/** Names that are one and the same where a construct's id or CloudFormation leaves signs out. */
const sourceNames = ['ab', 'a-b', 'a.b', 'a_b', 'AB', '0', `${'n'.repeat(63)}1`, `${'n'.repeat(63)}2`];

/** What people type, what other systems read as their own, and what is as long as it may be. */
const freeTexts = [
  ...['a', 'a/b', 'a--b', 'b', 'b/c', 'c', 'A', 'main', '*', 'linux-*', ' ', 'ä', '🚀', '"quoted"', "it's", 'a\\b'],
  ...['${AWS::Region}', '{{resolve:ssm:x}}', 'a\nb', 'a,b', '{a}', 'a:b', 'team', 'Team', 'AWS:x', '#'],
  ...['x'.repeat(200), 'x'.repeat(255), 'x'.repeat(1024), 'x'.repeat(1100), 'ä'.repeat(300), 'ü'.repeat(128)],
];

const account = '111122223333';
const secretArn = `arn:aws:secretsmanager:eu-west-1:${account}:secret`;

/** A key's own id, the same for one setting and different for two. */
function keyOf(setting: string): string {
  const digits = createHash('sha256').update(setting).digest('hex');
  return [8, 4, 4, 4, 12].map((length, index) => digits.slice(5 * index, 5 * index + length)).join('-');
}

const choices: Choices = {
  byName: {
    name: sourceNames,
    source: sourceNames,
    collector: ['ci-metrics', 'ci', 'ci.metrics', '0-ci_', 'c'.repeat(64)],
    interval: ['5 seconds', '10 seconds', '1 minute', '5 minutes', '60 minutes', '1 hour'],
    secret: [
      ...['ci/token', 'ci--token', 'ci-token', 'citoken', 'ci.token', 'c'.repeat(512), 'a:b', 'a b'],
      ...[`${secretArn}:ci/token-Ab12Cd`, `${secretArn}:ci/buildkite-tokens`, `${secretArn.replace('eu', 'us')}:other`],
    ],
    parameter: ['/ci/token', 'ci', `arn:aws:ssm:eu-west-1:${account}:parameter/ci/token`],
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1', 'subnet-01234567'],
    securityGroupIds: ['sg-0123456789abcdef0', 'sg-0123456789abcdef1'],
    apiServerSecurityGroupIds: ['sg-0123456789abcdef0', 'sg-0123456789abcdef2'],
    region: ['eu-west-1', 'us-east-1', 'us-gov-west-1'],
    metric: ['jobs', 'jobs_total', 'job_seconds'],
    regex: ['(.*)', 'a|b', '('],
    ...Object.fromEntries(
      ['logKeyArn', 'secretsKeyArn', 'queueKeyArn', 'topicKeyArn', 'environmentKeyArn', 'stateKeyArn'].map((name) => [
        name,
        ['eu-west-1', 'us-east-1'].map((region) => `arn:aws:kms:${region}:${account}:key/${keyOf(name)}`),
      ]),
    ),
    importedSecretsKeyArns: ['eu-west-1', 'us-west-1'].map(
      (region) => `arn:aws:kms:${region}:${account}:key/${keyOf('imported')}`,
    ),
    topicArn: [`arn:aws:sns:eu-west-1:${account}:on-call`],
    roleArn: [`arn:aws:iam::${account}:role/metrics`, `arn:aws:iam::444455556666:role/ci/metrics`],
    emails: ['a@example.com', 'a-b@example.com', 'ab@example.com'],
    certificateAuthority: ['', 'QUJD'],
  },
  byFormat: {
    uri: [
      ...[
        'https://ci.example.com',
        'https://ci.example.com/a',
        'https://ci.example.com:8443/a?b=c#d',
        'http://ci.example.com',
      ],
      ...[
        'https://ci.example.com/ä b',
        'https://user:pass@ci.example.com/',
        'https://[2001:db8::1]/',
        `https://ci.example.com/${'x'.repeat(2100)}`,
      ],
      'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-12345678/api/v1/remote_write',
    ],
    email: ['a@example.com', 'a-b@example.com'],
  },
  free: freeTexts,
};

/** How often the checks may find something new after what they found is taken out. */
const mostRounds = 60;

/** Undefined where nothing is left that could be deployed. */
export const acceptedConfigurations: fc.Arbitrary<CollectorConfig | undefined> = fc
  .tuple(valuesOf(buildConfigJsonSchema(), choices), fc.nat(sourceNames.length - 1))
  .map(([value, first]) => accepted(withNames(value, first)));

/** Sources with names that are alike, and alarms on those that are there. */
function withNames(value: unknown, first: number): unknown {
  const copy: unknown = structuredClone(value);
  const nameOf = (index: number): string => sourceNames[(first + index) % sourceNames.length] ?? '';
  const sources = listAt(copy, ['sources']);
  for (const [index, source] of sources.entries()) set(source, 'name', nameOf(index));
  for (const list of ['queues', 'pipelines', 'tokens'])
    for (const [index, alarm] of listAt(copy, ['alarms', list]).entries())
      set(alarm, 'source', nameOf(index % sources.length));
  return copy;
}

function accepted(value: unknown): CollectorConfig | undefined {
  for (let round = 0; round < mostRounds; round += 1) {
    const checked = checkConfig(value, 'lambda');
    if ('config' in checked) return checked.config;
    // From the last to the first, so that the numbers of what stays in a list are still right.
    const isLeft = checked.findings.toReversed().map(({ path }) => leaveOut(value, path));
    if (isLeft.includes(false)) return undefined;
  }
  return undefined;
}

/** Takes out the setting of a finding, or what it is a part of where it is missing; false for the whole. */
function leaveOut(value: unknown, path: ConfigPath): boolean {
  const last = path.at(-1);
  if (last === undefined) return false;
  const parent = findValue(value, path.slice(0, -1));
  if (Array.isArray(parent) && typeof last === 'number' && last < parent.length) {
    parent.splice(last, 1);
    return true;
  }
  if (isRecord(parent) && Object.hasOwn(parent, last)) return Reflect.deleteProperty(parent, last);
  return leaveOut(value, path.slice(0, -1));
}

function listAt(value: unknown, path: ConfigPath): readonly unknown[] {
  const list = findValue(value, path);
  return Array.isArray(list) ? list : [];
}

function set(value: unknown, name: string, to: string): void {
  if (isRecord(value)) Reflect.set(value, name, to);
}
