/** Tests of the CDK app from the outside: synthesis, messages about wrong settings, and the printed price. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { appForTest, cdkJson } from './synthesis.ts';

const repository = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-app-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface AppRun {
  readonly status: number | null;
  readonly stderr: string;
  readonly outdir: string;
}

/** `infra/app.ts` as the CDK's command line runs it, without the bundle. */
function runApp(
  config: string,
  environment: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, string>> = {},
): AppRun {
  const outdir = mkdtempSync(join(folder, 'out-'));
  const context = { ...cdkJson.context, config, 'aws:cdk:bundling-stacks': [], ...more };
  const [command = '', ...args] = cdkJson.app.split(' ');
  const { status, stderr } = spawnSync(command, args, {
    cwd: repository,
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_ENV: '',
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      ...environment,
    },
  });
  return { status, stderr, outdir };
}

function configFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const shipped = readFileSync(join(repository, 'collector.yaml'), 'utf8');

describe('the app', () => {
  it('synthesises the shipped configuration without an account, and says what it costs', () => {
    const { status, stderr, outdir } = runApp('collector.yaml');

    expect(stderr).toMatch(/^ {2}custom metrics +\$\d+\.\d\d {2}\d+ metrics × \$0\.30$/m);
    expect(stderr).toMatch(/^ {2}total +\$\d+\.\d\d$/m);
    expect(status).toBe(0);
    expect(readdirSync(outdir)).toContain('ci-metrics.template.json');
    const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
    expect(report).not.toContain('"conclusion": "failure"');
    expect(report).not.toMatch(/"violations": \[\s*\{/);
  });

  it('fails on a wrong configuration, with every line and its remedy, and makes no stack', () => {
    const file = configFile(
      'wrong.yaml',
      `interval: 7 seconds
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci-metrics/buildkite }]
sinks:
  - kind: cloudwatch
deployment:
  timeoutSeconds: 5000
  memory: 512
`,
    );

    const { status, stderr, outdir } = runApp(file);

    expect(status).toBe(1);
    expect(stderr).toContain(`${file} has 3 problems:`);
    expect(stderr).toMatch(/wrong\.yaml:1:11 interval: must be "1 minute" to "60 minutes"/);
    expect(stderr).toMatch(/wrong\.yaml:8:19 deployment\.timeoutSeconds: .*900/);
    expect(stderr).toMatch(/wrong\.yaml:9:3 deployment\.memory: .*memoryMegabytes/);
    expect(existsSync(join(outdir, 'manifest.json'))).toBe(false);
  });

  it('fails on settings that do not fit together, at the line that has to change', () => {
    const file = configFile(
      'together.yaml',
      `sources:
  - kind: buildkite
    agentTokens: [{ secret: ci-metrics/buildkite }]
sinks:
  - kind: cloudwatch
alarms:
  queues:
    - { source: main, scope: production, queue: default }
`,
    );

    const { status, stderr } = runApp(file);

    expect(status).toBe(1);
    expect(stderr).toMatch(
      /together\.yaml:8:17 alarms\.queues\[0\]\.source: there is no source named "main"; configured: "buildkite"/,
    );
  });

  it('fails on a secret that the function cannot reach', () => {
    const file = configFile(
      'env.yaml',
      `sources:
  - kind: buildkite
    agentTokens: [{ env: BUILDKITE_AGENT_TOKEN }]
sinks:
  - kind: cloudwatch
`,
    );

    const { status, stderr } = runApp(file);

    expect(status).toBe(1);
    expect(stderr).toMatch(/env\.yaml:3:\d+ .*no place for a secret in AWS Lambda/);
  });

  it('fails on a receiver on the machine of the function, but for an emulator', () => {
    const file = configFile(
      'loopback.yaml',
      `sources:
  - kind: buildkite
    agentTokens: [{ secret: ci-metrics/buildkite }]
sinks:
  - kind: otlp
    preset: collector
`,
    );

    const { status, stderr } = runApp(file);
    const emulated = runApp(file, {}, { emulator: '1' });

    expect(status).toBe(1);
    expect(stderr).toMatch(
      /loopback\.yaml:6:13 sinks\[0\]\.preset: means http:\/\/127\.0\.0\.1:4318, .*; add `url` with/,
    );
    expect(emulated.status).toBe(0);
  });

  it('fails on what the Region does not have, in sentences and without a stack trace', () => {
    const file = configFile(
      'region.yaml',
      `sources:
  - kind: buildkite
    agentTokens: [{ secret: ci-metrics/buildkite }]
sinks:
  - kind: cloudwatch
alarms:
  webhook: { url: https://events.example.com/, token: { secret: receiver } }
`,
    );

    const { status, stderr } = runApp(file, {
      CDK_DEFAULT_ACCOUNT: '111122223333',
      CDK_DEFAULT_REGION: 'us-gov-west-1',
    });

    expect(status).toBe(1);
    expect(stderr.match(/^ERROR .*$/gm)).toEqual([
      expect.stringMatching(
        /^ERROR us-gov-west-1 has no API destinations of EventBridge .* leave out "alarms\.webhook"/,
      ),
    ]);
    expect(stderr).not.toMatch(/^WARNING /m);
    expect(stderr).toMatch(/The stack cannot be deployed as it is: see the findings above\./);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain('triggerUncaughtException');
  });

  it('says which file is missing', () => {
    const { status, stderr } = runApp(join(folder, 'nowhere.yaml'));

    expect(status).toBe(1);
    expect(stderr).toMatch(/nowhere\.yaml does not exist; .*-c config=FILE/);
  });
});

describe('an older Node', () => {
  const guard = join(repository, 'scripts/require-node.cjs');

  it('is told in a sentence which one is needed and how to get it', () => {
    const written: string[] = [];
    const exit = (code: number): never => {
      throw new Error(`exit ${String(code)}`);
    };
    const process = { version: 'v20.20.2', versions: { node: '20.20.2' }, execPath: '/usr/bin/node', exit };
    const stderr = { write: (text: string) => written.push(text) };

    expect(() => {
      runInNewContext(readFileSync(guard, 'utf8'), { process: { ...process, stderr } });
    }).toThrow('exit 1');

    expect(written.join('')).toMatch(
      /^This needs Node 24 or newer, and \/usr\/bin\/node is v20\.20\.2\. Install .*npm rebuild node/,
    );
  });

  it('is checked before every program that is written in TypeScript', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')));
    const programs = [cdkJson.app, ...Object.values(scripts)].filter((command) => /^node .*\.ts\b/.test(command));

    expect(programs.length).toBeGreaterThan(5);
    for (const command of programs) expect(command).toContain(' -r ./scripts/require-node.cjs ');
  });
});

describe('collector.yaml', () => {
  it('is valid with every commented setting switched on', () => {
    const settings = /^( *)# ( *)(?=- \{|- kind:|(?!yaml-language)[a-zA-Z]+:(?: |$))/;
    const all = shipped
      .split('\n')
      .map((line) => line.replace(settings, '$1$2'))
      .join('\n');

    const config = parseConfig(all, { file: 'collector.yaml', environment: 'lambda' });

    expect(config.sinks.map(({ kind }) => kind)).toEqual(['cloudwatch', 'remote-write', 'pushgateway']);
    expect(config.alarms.queues).toHaveLength(1);
    expect(config.deployment.vpc).toBeDefined();
  });
});

describe('cdk.json', () => {
  it('turns findings into errors', () => {
    expect(cdkJson.context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
    const app = appForTest();
    const stack = new Stack(app, 'user');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

    new iam.Policy(stack, 'Policy', {
      force: true,
      roles: [new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') })],
      statements: [new iam.PolicyStatement({ actions: ['s3:*'], resources: ['*'] })],
    });

    expect(() => app.synth()).toThrow(/wildcard permissions/);
  });
});
