/** Tests of the package's construct: whatever kind of app imports it synthesises the stack of the repository. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CiMetricsCollector } from '../../infra/ci-metrics-collector.ts';
import { inlineCode } from '../infra/synthesis.ts';
import { apps } from './apps.ts';
import {
  findNodes,
  type InstalledPackage,
  installPackage,
  linkPeers,
  readJson,
  readVersion,
  root,
} from './installed-package.ts';

/** The largest stack, with a webhook, and the smallest, for what depends on the kind of the app alone. */
const variants = ['everything', 'minimal'] as const;
const fileOf = (variant: (typeof variants)[number]): string =>
  join(root, 'test/fixtures/infra', variant, 'collector.yaml');

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
  const { project } = installed;
  for (const variant of variants) cpSync(fileOf(variant), join(project, `${variant}.yaml`));
  for (const [file, text] of Object.entries(apps)) writeFileSync(join(project, file), text);
});
afterAll(() => {
  installed[Symbol.dispose]();
});

interface AnyTemplate {
  readonly Resources: Readonly<Record<string, unknown>>;
}

/** The assembly of an app of the project. */
function synthesise(app: string, node = process.execPath): { readonly template: AnyTemplate; readonly folder: string } {
  const folder = join(installed.project, `out-${app}-${readVersion(node)}`);
  const { stderr, status } = spawnSync(node, [app], {
    cwd: installed.project,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', CDK_OUTDIR: folder, JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1' },
  });
  expect({ app, status, stderr: status === 0 ? '' : stderr }).toEqual({ app, status: 0, stderr: '' });
  return { template: forgetCode(readJson(folder, 'platform.template.json')), folder };
}

/** Which bytes the code has is told by its asset, and a package has it in other files. */
function forgetCode(template: unknown): AnyTemplate {
  const text = JSON.stringify(template, (key, value: unknown) => (key === 'Code' ? 'code' : value));
  return JSON.parse(text.replaceAll(/[0-9a-f]{64}/g, 'hash')) as AnyTemplate;
}

/** The same stack from the repository, in an app without the flags of its cdk.json. */
function synthesiseHere(variant: (typeof variants)[number]): AnyTemplate {
  const stack = new Stack(new App({ analyticsReporting: false }), 'platform');
  const code = { code: inlineCode(), webhookCode: inlineCode() };
  new CiMetricsCollector(stack, 'CiMetrics', { configFile: fileOf(variant), ...code });
  return forgetCode(Template.fromStack(stack).toJSON());
}

describe('an app with the package', () => {
  it.each([
    ['common-js.cjs', 'everything'],
    ['modules.mjs', 'minimal'],
  ] as const)('%s synthesises what the repository does of %s, on every Node', (app, variant) => {
    const expected = synthesiseHere(variant);

    for (const node of findNodes()) expect(synthesise(app, node).template.Resources).toEqual(expected.Resources);
  });

  it('is type-checked, as CommonJS and as modules', () => {
    const { project } = installed;
    symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
    const options = ['--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const checked = spawnSync(process.execPath, [tsc, ...options, 'typed.cts', 'typed.mts'], {
      cwd: project,
      encoding: 'utf8',
    });

    expect({ status: checked.status, stdout: checked.stdout }).toEqual({ status: 0, stdout: '' });
    expect(synthesise('typed.cjs').template).toEqual(synthesise('modules.mjs').template);
    expect(synthesise('typed.mjs').template).toEqual(synthesise('modules.mjs').template);
  });

  it('has the configured plugins beside the configuration, and code that runs', () => {
    writeFileSync(
      join(installed.project, 'small.cjs'),
      `const { App, Stack } = require('aws-cdk-lib');
       const { CiMetricsCollector } = require('ci-metrics-collector');
       const app = new App();
       const agentTokens = [{ secret: 'tokens', key: 'agent' }];
       const config = { sources: [{ kind: 'buildkite', agentTokens }], sinks: [{ kind: 'stdout' }] };
       new CiMetricsCollector(new Stack(app, 'platform'), 'CiMetrics', { config });
       app.synth();`,
    );
    const { folder } = synthesise('small.cjs');
    const assets = readdirSync(folder).filter((file) => file.startsWith('asset.'));
    const code = join(folder, assets[0] ?? '');

    expect(assets).toHaveLength(1);
    expect(readJson(code, 'collector.json')).toMatchObject({ sinks: [{ kind: 'stdout' }] });
    expect(readFileSync(join(code, 'sources.mjs'), 'utf8')).toContain('export const sources = [buildkite];');
    expect(readdirSync(code).filter((file) => /^(sources|sinks)-.*\.mjs$/.test(file))).toEqual([
      'sinks-stdout.mjs',
      'sources-buildkite.mjs',
    ]);
    expect(existsSync(join(code, 'index.mjs.map'))).toBe(true);
    expect(invoke(code)).toMatch(/\nnothing could be collected: .*secret tokens \(key agent\).*ECONNREFUSED/);
  });

  it.each([
    [
      'a wrong mapping',
      `{ config: { sources: [], sinks: [{ kind: 'cloudwhach' }] } }`,
      /config sinks\[0\]\.kind.*cloudwatch/,
    ],
    ['no configuration', '{}', /give CiMetricsCollector either config or configFile/],
  ])('is told of %s, with its place', (_, props, message) => {
    const script = `const { App, Stack } = require('aws-cdk-lib');
      const { CiMetricsCollector } = require('ci-metrics-collector');
      new CiMetricsCollector(new Stack(new App(), 'platform'), 'CiMetrics', ${props});`;

    const { stderr, status } = spawnSync(process.execPath, ['-e', script], {
      cwd: installed.project,
      encoding: 'utf8',
    });

    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(Math.max(...stderr.split('\n').map(({ length }) => length))).toBeLessThan(400);
  });

  const oldest = join(root, '.cache/oldest-cdk/node_modules');
  it.skipIf(!existsSync(oldest))('synthesises with the oldest CDK of its peers (npm run setup:oldest-cdk)', () => {
    const newest = synthesise('common-js.cjs').template;
    linkPeers(installed.project, oldest);
    try {
      const { Resources } = synthesise('common-js.cjs').template;

      expect(Object.keys(Resources)).toEqual(Object.keys(newest.Resources));
    } finally {
      linkPeers(installed.project, join(root, 'node_modules'));
    }
  });
});

/** Calls the function where no AWS answers, and gives what it says of that. */
function invoke(code: string): string {
  const script = `const { handler } = await import(${JSON.stringify(join(code, 'index.mjs'))});
    await handler({}, { awsRequestId: 'test', getRemainingTimeInMillis: () => 20_000 }).then(
      () => process.stderr.write('ok'), (error) => process.stderr.write(error.message));
    process.exit(0);`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: {
      LAMBDA_TASK_ROOT: code,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
    },
  });
  return stderr;
}
