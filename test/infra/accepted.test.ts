import * as fc from 'fast-check';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { ConfigError } from '../../lambda/config/config-error.ts';
import { parseConfig } from '../../lambda/config/load.ts';
import { resolved } from './intrinsics.ts';
import { appForTest, configOf, inlineCode, synthesise } from './synthesis.ts';

/** Names that are one and the same where a construct's id or CloudFormation leaves signs out. */
const sourceNames = ['ab', 'a-b', 'a.b', 'a_b', 'AB', '0'];
const secretNames = ['ci/token', 'ci--token', 'ci-token', 'citoken', 'ci.token'];
const placeNames = ['a', 'a/b', 'a--b', 'b', 'b/c', 'c', 'ä', 'x'.repeat(200)];

const secret = fc.constantFrom(...secretNames).map((name) => ({ secret: name }));
const events = fc.oneof(
  secret.map((webhookSecret) => ({ webhookSecret })),
  fc.constantFrom({ bus: 'aws.partner/buildkite.com/acme/1' }, { bus: 'aws.partner/buildkite.com/acme/2' }),
);
const source = fc.record(
  {
    kind: fc.constant('buildkite'),
    name: fc.constantFrom(...sourceNames),
    organization: fc.constant('acme'),
    agentTokens: fc.array(secret, { minLength: 1, maxLength: 2 }),
    apiToken: secret,
    events,
    compat: fc.boolean(),
  },
  { requiredKeys: ['kind', 'name', 'organization', 'agentTokens', 'apiToken'] },
);
const queue = fc.record({
  source: fc.constantFrom(...sourceNames),
  scope: fc.constantFrom(...placeNames),
  queue: fc.constantFrom(...placeNames),
});
const alarms = fc.record(
  {
    emails: fc.subarray(['a@example.com', 'a-b@example.com', 'ab@example.com']),
    queues: fc.array(queue, { maxLength: 4 }),
    webhook: fc.record({
      url: fc.constant('https://alarms.example.com/'),
      token: secret,
      alarms: fc.constantFrom({}, { include: ['queue-*'] }, { include: ['source-*'] }),
    }),
  },
  { requiredKeys: [] },
);
const configuration = fc.record({
  collector: fc.constantFrom('ci', 'ci.metrics', '0-ci_'),
  interval: fc.constantFrom('10 seconds', '1 minute', '5 minutes', '60 minutes'),
  sources: fc.uniqueArray(source, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
  sinks: fc.subarray([{ kind: 'cloudwatch' }, { kind: 'stdout' }], { minLength: 1 }),
  alarms,
  deployment: fc.record({
    secrets: fc.constantFrom('create', 'import'),
    tracing: fc.constantFrom('off', 'active'),
  }),
});

/** Undefined where it is refused by a sentence: then somebody was told before anything was deployed. */
function stackOf(value: unknown): CiMetricsStack | undefined {
  try {
    const config = parseConfig(JSON.stringify(value), { file: 'collector.yaml', environment: 'lambda' });
    const settings = { code: inlineCode(), webhookCode: inlineCode() };
    return new CiMetricsStack(appForTest(), 'ci-metrics', { config, settings });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

describe('a configuration that the checks accept', () => {
  it('is synthesised, and asks CloudFormation for no name twice', () => {
    let synthesised = 0;
    fc.assert(
      fc.property(configuration, (value) => {
        const stack = stackOf(value);
        fc.pre(stack !== undefined);
        const template = Template.fromStack(stack);
        const names = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties['AlarmName']);
        expect(new Set(names).size).toBe(names.length);
        synthesised += 1;
      }),
      // A synthesis takes a third of a second; the seed keeps the build's answer the same.
      { numRuns: 40, seed: 20261130 },
    );
    expect(synthesised).toBeGreaterThan(20);
  });

  it.each([
    ['where dashes and slashes stand for each other', 'a', 'b/c', 'a/b', 'c'],
    ['where it is cut', 'x'.repeat(200), `${'y'.repeat(60)}1`, 'x'.repeat(200), `${'y'.repeat(60)}2`],
  ])('may have two queues whose alarms have one name %s', (_, scope, queue, otherScope, otherQueue) => {
    const config = configOf('minimal');
    const name = 'buildkite';
    const queues = [
      { source: name, scope, queue },
      { source: name, scope: otherScope, queue: otherQueue },
    ];

    const { template } = synthesise({ ...config, alarms: { ...config.alarms, queues } });

    const names = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties['AlarmName']);
    expect(new Set(names).size).toBe(names.length);
  });

  it('may have two sources whose webhooks have one name in letters alone', () => {
    const config = configOf('everything');
    const events = { webhookSecret: { secret: 'ci/webhook' } };
    const sources = ['a-b', 'ab'].map((name) => ({ ...config.sources[0], name, events }));

    const { template } = synthesise({
      ...config,
      sources,
      alarms: { ...config.alarms, queues: [], pipelines: [], webhook: undefined },
    });

    expect(template.findOutputs('WebhookUrlab')).not.toEqual({});
    expect(template.findOutputs('WebhookUrlab2')).not.toEqual({});
  });
});
