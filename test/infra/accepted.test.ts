/** Tests that any configuration that the checks accept can be synthesised within the limits of AWS. */
import * as fc from 'fast-check';
import { Template } from 'aws-cdk-lib/assertions';
import { type App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { promtoolWith } from '../dashboards/rule-files.ts';
import { goProgram } from '../servers/go-servers.ts';
import { withCurrentPromtool } from '../servers/require.ts';
import { acceptedConfigurations } from './configurations/accepted.ts';
import { resolved } from './intrinsics.ts';
import { alarmsIn } from './simulation/template-alarms.ts';
import { appForTest, configOf, inlineCode, synthesise } from './synthesis.ts';
import { passedLimits } from './template-limits.ts';

/** So many by `CONFIGURATIONS`, each time others; in a build always the same ones, as a synthesis takes a third of a second. */
const asked = z.coerce.number().optional().parse(process.env['CONFIGURATIONS']);
const runs = asked === undefined ? { numRuns: 24, seed: 20261201 } : { numRuns: asked };

/** Undefined where the synthesis refuses it with a message, before anything is deployed. */
function stackOf(app: App, config: CollectorConfig, region: string | undefined): CiMetricsStack | undefined {
  try {
    const settings = { code: inlineCode(), webhookCode: inlineCode(), messengerCode: inlineCode() };
    return new CiMetricsStack(app, 'ci-metrics', { config, settings, env: region === undefined ? {} : { region } });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** One that has all, and those that lack a service or lie in a partition of their own; undefined where it is known only when it is deployed. */
const regions = ['eu-west-1', 'us-east-1', 'il-central-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1', undefined];

/** As `infra/app.ts` does it. @throws what the synthesis throws: a finding of CloudFormation's own rules or of cdk-nag. */
function limitsPassedBy(config: CollectorConfig, region: string | undefined): readonly string[] | undefined {
  const app = appForTest();
  const stack = stackOf(app, config, region);
  if (stack === undefined) return undefined;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  if (isRefused(app)) return undefined;
  return passedLimits(Template.fromStack(stack));
}

/** Sentences with their remedies: a memory that cannot hold the limits, and a service that the Region lacks. */
const refusals: readonly RegExp[] = [
  /^ERROR deployment\.memoryMegabytes: .*; set deployment\./,
  /^ERROR [-a-z0-9]+ has no (URLs of Lambda functions|API destinations of EventBridge|PromQL in CloudWatch) .*: deploy to another Region, or /,
];

/** Synthesises; true where it is refused by sentences with their remedies. */
function isRefused(app: App): boolean {
  try {
    app.synth();
    return false;
  } catch (error) {
    const findings = error instanceof Error ? (error.message.match(/^ERROR .*$/gm) ?? []) : [];
    const isTold = (finding: string): boolean => refusals.some((pattern) => pattern.test(finding));
    if (findings.length > 0 && findings.every(isTold)) return true;
    throw error;
  }
}

const anywhere = fc
  .tuple(acceptedConfigurations, fc.constantFrom(...regions))
  .map(([config, region]) => (config === undefined ? undefined : { config, region }));

/** CloudWatch reached by OTLP alone, in the Region of the stack: the only place where alarms are in PromQL. */
const byOtlpAlone = fc
  .record({
    config: acceptedConfigurations,
    region: fc.constantFrom('eu-west-1', 'us-east-1', 'eusc-de-east-1', 'il-central-1'),
    naming: fc.constantFrom('ci', 'semconv'),
    compat: fc.boolean(),
    temporality: fc.constantFrom('cumulative', 'delta'),
    instance: fc.constantFrom('ci', 'a"b', String.raw`a\b`, 'ä', '\n', '{}'),
  })
  .map(({ config, region, naming, compat, temporality, instance }) => {
    if (config === undefined) return undefined;
    const resource = { 'service.instance.id': instance };
    const sink = { kind: 'otlp', preset: 'cloudwatch', auth: { sigv4: { region } }, resource };
    return { region, config: { ...config, sinks: [{ ...sink, naming, compat, temporality }] } };
  });

withCurrentPromtool('a configuration that reaches CloudWatch by OTLP alone', () => {
  it(
    'has alarms whose queries are PromQL, whatever queues and pipelines are called',
    { timeout: 3_600_000 },
    async () => {
      const queries = new Set<string>();
      fc.assert(
        fc.property(byOtlpAlone, (given) => {
          fc.pre(given !== undefined);
          const app = appForTest();
          const stack = stackOf(app, given.config, given.region);
          fc.pre(stack !== undefined && !isRefused(app));
          const { promqlAlarms } = alarmsIn(Template.fromStack(stack));
          for (const { query } of promqlAlarms) queries.add(query);
        }),
        runs,
      );
      const rules = [...queries].map((expr, index) => ({ alert: `alarm-${String(index)}`, expr }));

      const { isContent, output } = await promtoolWith(
        ['check', 'rules'],
        { groups: [{ name: 'alarms', rules }] },
        goProgram('promtool'),
      );

      expect(rules.length).toBeGreaterThan(runs.numRuns);
      expect(isContent, output).toBe(true);
    },
  );
});

describe('a configuration that the checks accept', () => {
  it('is synthesised, and passes no limit of CloudFormation or of a service', { timeout: 24 * 3_600_000 }, () => {
    let synthesised = 0;
    fc.assert(
      fc.property(fc.oneof(anywhere, byOtlpAlone), (given) => {
        fc.pre(given !== undefined);
        const passed = limitsPassedBy(given.config, given.region);
        fc.pre(passed !== undefined);
        expect(passed).toEqual([]);
        synthesised += 1;
      }),
      runs,
    );
    expect(synthesised).toBeGreaterThanOrEqual(runs.numRuns);
  });

  it.each([
    ['where dashes and slashes stand for each other', 'a', 'b/c', 'a/b', 'c'],
    ['where it is cut', 'x'.repeat(128), `${'y'.repeat(127)}1`, 'x'.repeat(128), `${'y'.repeat(127)}2`],
    ['where a dash and a slash stand for two dashes', 'a-', 'b', 'a', '-b'],
    ['where a slash is written as it is escaped', 'a/b', 'c', 'a%2Fb', 'c'],
  ])('may have two queues whose alarms have one name %s', (_, scope, queue, otherScope, otherQueue) => {
    const config = configOf('minimal');
    const name = 'buildkite';
    const queues = [
      { source: name, scope, queue },
      { source: name, scope: otherScope, queue: otherQueue },
    ];

    const { template } = synthesise({ ...config, alarms: { ...config.alarms, queues } });

    const alarms = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
    const names = alarms.map(({ AlarmName }) => AlarmName);
    expect(new Set(names).size).toBe(names.length);
    // Each whole is of its own parts, and the order in the file names none of them.
    const rules = resolved(template, 'AWS::CloudWatch::CompositeAlarm').map(
      ({ properties }) => properties['AlarmRule'],
    );
    expect(new Set(rules).size).toBe(rules.length);
    const reversed = synthesise({ ...config, alarms: { ...config.alarms, queues: queues.toReversed() } });
    const others = resolved(reversed.template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
    const byName = (list: typeof alarms) => new Map(list.map((one) => [one['AlarmName'], one]));
    expect(byName(others)).toEqual(byName(alarms));
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
