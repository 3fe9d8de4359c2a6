import * as fc from 'fast-check';
import { Template } from 'aws-cdk-lib/assertions';
import { type App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { acceptedConfigurations } from './configurations/accepted.ts';
import { resolved } from './intrinsics.ts';
import { appForTest, configOf, inlineCode, synthesise } from './synthesis.ts';
import { passedLimits } from './template-limits.ts';

/** So many by `CONFIGURATIONS`, each time others; in a build always the same ones, as a synthesis takes a third of a second. */
const asked = z.coerce.number().optional().parse(process.env['CONFIGURATIONS']);
const runs = asked === undefined ? { numRuns: 24, seed: 20261201 } : { numRuns: asked };

/** Undefined where it is refused by a sentence: then somebody was told before anything was deployed. */
function stackOf(app: App, config: CollectorConfig): CiMetricsStack | undefined {
  try {
    const settings = { code: inlineCode(), webhookCode: inlineCode() };
    return new CiMetricsStack(app, 'ci-metrics', { config, settings });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** As `infra/app.ts` does it. @throws what the synthesis throws: a finding of CloudFormation's own rules or of cdk-nag. */
function limitsPassedBy(config: CollectorConfig): readonly string[] | undefined {
  const app = appForTest();
  const stack = stackOf(app, config);
  if (stack === undefined) return undefined;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  if (isMemoryRefused(app)) return undefined;
  return passedLimits(Template.fromStack(stack));
}

/** Synthesises; true for a memory that cannot hold the limits, which is refused by a sentence with its remedy, too. */
function isMemoryRefused(app: App): boolean {
  try {
    app.synth();
    return false;
  } catch (error) {
    if (error instanceof Error && /^ERROR deployment\.memoryMegabytes: .*; set deployment\./.test(error.message))
      return true;
    throw error;
  }
}

describe('a configuration that the checks accept', () => {
  it('is synthesised, and passes no limit of CloudFormation or of a service', { timeout: 24 * 3_600_000 }, () => {
    let synthesised = 0;
    fc.assert(
      fc.property(acceptedConfigurations, (config) => {
        fc.pre(config !== undefined);
        const passed = limitsPassedBy(config);
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
