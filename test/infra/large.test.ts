/** Tests that a stack with as many sources and alarms as are allowed stays within the limits of AWS. */
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { resolved } from './intrinsics.ts';
import { alarmsIn } from './simulation/template-alarms.ts';
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

    const rules = resolved(template, 'AWS::Events::Rule').map(({ properties }) => JSON.stringify(properties));
    // `alarm/NAME` is about an alarm as a whole.
    const told = rules.flatMap((rule) => [...rule.matchAll(/"alarm\/([^"]+)"/g)].map(([, name]) => name ?? ''));
    const { metricAlarms, compositeAlarms } = alarmsIn(template);
    const telling = [...metricAlarms, ...compositeAlarms].filter(({ AlarmActions }) => AlarmActions.length > 0);
    const names = telling.map(({ AlarmName }) => AlarmName.replace(/^[^/]+\//, ''));
    expect(rules.length).toBeGreaterThan(2);
    // A receiver is not told of what it was not told.
    expect([...told, 'alarms-undelivered'].toSorted()).toEqual(names.toSorted());
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
