/** Synthesises the stack for every shape of configuration that the tests look at. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, type Environment, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { afterAll } from 'vitest';
import * as z from 'zod';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { prepare, type Prepared } from '../../infra/prepared.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';

const fixtures = join(import.meta.dirname, '../fixtures/infra');

/** Every shape of stack that the tests look at; the folder of the same name has its configuration and its template. */
export const variants = [
  'minimal',
  'everything',
  'vpc',
  'imported-secrets',
  'stateful',
  'eks',
  'workspace',
  'otlp',
  'notified',
  'emulator',
] as const;
export type Variant = (typeof variants)[number];

const contexts: Partial<Record<Variant, Readonly<Record<string, unknown>>>> = {
  emulator: { emulator: '1', cloudWatchEndpoint: 'http://127.0.0.1:4599' },
};

/** Where a variant is deployed; alarms on what is stored by OTLP are made only where the Region is known. */
const environments: Partial<Record<Variant, Environment>> = { otlp: { region: 'eu-west-1' } };

/** The `cdk.json` of the repository: the tests synthesise with the flags that a deployment has. */
const CdkJson = z.object({ app: z.string(), context: z.record(z.string(), z.unknown()) });
export const cdkJson = CdkJson.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8')));

const Violation = z.object({
  ruleName: z.string(),
  violatingConstructs: z.array(z.object({ constructPath: z.string() })),
});
const Report = z.object({
  pluginReports: z.array(
    z.object({
      pluginName: z.string(),
      violations: z.array(Violation),
      suppressedViolations: z
        .array(Violation.extend({ acknowledgedId: z.string(), acknowledgedAt: z.string(), reason: z.string() }))
        .default([]),
    }),
  ),
});
export type ValidationReport = z.infer<typeof Report>;

export interface Synthesis {
  readonly stack: CiMetricsStack;
  readonly prepared: Prepared;
  readonly template: Template;
  readonly report: ValidationReport;
}

export interface SynthesisOptions {
  readonly context?: Readonly<Record<string, unknown>>;
  readonly env?: Environment;
}

export function configOf(variant: Variant): CollectorConfig {
  const file = join(fixtures, variant, 'collector.yaml');
  return parseConfig(readFileSync(file, 'utf8'), { file, environment: 'lambda' });
}

export function synthesiseVariant(variant: Variant): Synthesis {
  return synthesise(configOf(variant), { context: contexts[variant] ?? {}, env: environments[variant] ?? {} });
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An app with the flags of the repository, whose assembly goes when the test file ends. */
export function appForTest(context: Readonly<Record<string, unknown>> = {}): App {
  const outdir = mkdtempSync(join(tmpdir(), 'ci-metrics-synth-'));
  folders.push(outdir);
  return new App({ outdir, context: { ...cdkJson.context, ...context }, analyticsReporting: false });
}

/** A stack of another app that uses the construct. */
export function foreignStack(): Stack {
  return new Stack(appForTest(), 'user');
}

/** The whole app as `infra/app.ts` makes it, without the bundle; a finding of a rule throws. */
export function synthesise(config: CollectorConfig, { context = {}, env = {} }: SynthesisOptions = {}): Synthesis {
  const app = appForTest(context);
  const stack = new CiMetricsStack(app, 'ci-metrics', {
    config,
    env,
    settings: { code: inlineCode(), webhookCode: inlineCode(), messengerCode: inlineCode() },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const { directory } = app.synth();
  return { stack, prepared: prepare(config), template: Template.fromStack(stack), report: reportIn(directory) };
}

export function inlineCode(): lambda.Code {
  return lambda.Code.fromInline('export const handler = () => undefined;');
}

function reportIn(outdir: string): ValidationReport {
  const file = join(outdir, 'validation-report.json');
  return existsSync(file) ? Report.parse(JSON.parse(readFileSync(file, 'utf8'))) : { pluginReports: [] };
}
