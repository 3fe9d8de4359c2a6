/** Tests that a stack with as many sources and alarms as are allowed stays within the limits of AWS. */
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { resolved } from './intrinsics.ts';
import { appForTest, inlineCode } from './synthesis.ts';
import { passedLimits } from './template-limits.ts';

/** The template of a deployment with many clusters, queues and sources. */
function templateOf(settings: object): Template {
  const text = JSON.stringify({ sinks: [{ kind: 'cloudwatch' }], ...settings });
  const config = parseConfig(text, { file: 'collector.yaml', environment: 'lambda' });
  const code = { code: inlineCode(), webhookCode: inlineCode(), messengerCode: inlineCode() };
  return Template.fromStack(new CiMetricsStack(appForTest(), 'ci-metrics', { config, settings: code }));
}

function many<Item>(count: number, make: (index: number) => Item): readonly Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const secretOf = (index: number) => ({ secret: `ci/agent-token-of-cluster-${String(index)}` });
const buildkite = (index: number, more: object = {}) => ({
  kind: 'buildkite',
  name: `source-${String(index)}`,
  agentTokens: [secretOf(index)],
  ...more,
});

describe('a large configuration', () => {
  it.each([
    [
      'with the tokens of 100 clusters',
      { sources: [buildkite(0, { agentTokens: many(100, secretOf) })], deployment: { secrets: 'import' } },
    ],
    [
      'with 150 parameters',
      {
        sources: [
          buildkite(0, { agentTokens: many(150, (index) => ({ parameter: `/ci/token-of-cluster-${String(index)}` })) }),
        ],
      },
    ],
    [
      'with alarms on 40 queues, all told to a receiver',
      {
        sources: [buildkite(0)],
        alarms: {
          queues: many(40, (index) => ({ source: 'source-0', scope: 'production', queue: `queue-${String(index)}` })),
          webhook: { url: 'https://alarms.example.com/', token: { secret: 'ci/receiver' } },
        },
      },
    ],
  ])('%s passes no limit', (_, settings) => {
    expect(passedLimits(templateOf(settings))).toEqual([]);
  });

  it('tells a receiver of every alarm once, in as many rules as that takes', () => {
    const template = templateOf({
      sources: many(8, (index) => buildkite(index)),
      alarms: { webhook: { url: 'https://alarms.example.com/', token: { secret: 'ci/receiver' } } },
    });

    const patterns = resolved(template, 'AWS::Events::Rule').map(({ properties }) =>
      JSON.stringify(properties['EventPattern']),
    );
    const told = patterns
      .filter((pattern) => pattern.includes('"CloudWatch Alarm State Change"'))
      .flatMap((pattern) => pattern.match(/:alarm:[A-Za-z0-9]+/g) ?? []);
    const composites = resolved(template, 'AWS::CloudWatch::CompositeAlarm').map(({ id }) => `:alarm:${id}`);
    // Without the alarm on what the receiver was not told.
    const metric = resolved(template, 'AWS::CloudWatch::Alarm').map(({ id }) => `:alarm:${id}`);
    expect(patterns.length).toBeGreaterThan(2);
    expect(new Set(told).size).toBe(told.length);
    expect(told).toHaveLength(metric.length - 1 + composites.length);
    expect(
      resolved(template, 'AWS::SQS::QueuePolicy')
        .map(({ properties }) => JSON.stringify(properties))
        .join(),
    ).toContain('rule/');
  });

  it.each([
    [
      'secrets',
      { sources: [buildkite(0, { agentTokens: many(250, secretOf) })] },
      /255 outputs, and CloudFormation takes 200/,
    ],
    [
      'alarms',
      {
        sources: [buildkite(0, { apiToken: { secret: 'ci/api' } })],
        alarms: { queues: many(165, (index) => ({ source: 'source-0', scope: 'a', queue: String(index) })) },
      },
      /resources, and CloudFormation takes 500/,
    ],
    [
      'queues of events',
      {
        sources: many(30, (index) =>
          buildkite(index, { apiToken: { secret: 'ci/api' }, events: { webhookSecret: { secret: 'ci/hook' } } }),
        ),
      },
      /30 sources with "events"/,
    ],
  ])('of too many %s is refused by a sentence', (_, settings, sentence) => {
    expect(() => templateOf(settings)).toThrow(sentence);
  });
});
