/** Tests of the package as a whole: what is in it, whether tools take it, and the terminal's command from it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../lambda/version.ts';
import { findNodes, type InstalledPackage, installPackage, readJson, readVersion, root } from './installed-package.ts';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => {
  installed[Symbol.dispose]();
});

/** Files whose names tell what they are; those of the bundles have names made of their content. */
const expected = [
  '.jsii',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'THIRD-PARTY-LICENSES',
  'cli/entry.cjs',
  'cli/main.mjs',
  'cli/main.mjs.map',
  'collector.schema.json',
  'lib/collector.d.ts',
  'lib/collector.js',
  'lib/implementation.d.ts',
  'lib/implementation.js',
  'lib/implementation.js.map',
  'lib/index.d.ts',
  'lib/index.js',
  'lib/props.d.ts',
  'lib/props.js',
  'lib/scaling-options.d.ts',
  'lib/scaling-options.js',
  'lib/structs.d.ts',
  'lib/structs.js',
  'package.json',
];
const ofBundles = /^(cli|lib\/functions\/(collector|webhook|alarm-messages))\/([\w-]+\.mjs(\.map)?|manifest\.json)$/;

describe('the tarball', () => {
  it('has the code, the documentation of users, dashboards, rules and the schema, and nothing else', () => {
    const copied = installed.files.filter((file) => /^(dashboards|examples)\//.test(file));
    const others = installed.files.filter((file) => !copied.includes(file));

    expect(others.filter((file) => expected.includes(file) || !ofBundles.test(file)).sort()).toEqual(expected);
    const dashboards = readdirSync(join(root, 'dashboards')).map((file) => `dashboards/${file}`);
    expect(copied.filter((file) => file.startsWith('dashboards/')).sort()).toEqual(dashboards.sort());
  });

  it('has a map for each bundled file, and no source', () => {
    const bundled = installed.files.filter((file) => file.endsWith('.mjs'));

    expect(bundled.length).toBeGreaterThan(50);
    expect(bundled.filter((file) => !installed.files.includes(`${file}.map`))).toEqual([]);
    expect(installed.files.filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
  });

  it('brings no other package, and says what it needs', () => {
    const description = readJson(installed.built, 'package.json');

    expect(description).toMatchObject({ version, license: 'Apache-2.0', main: 'lib/index.js' });
    expect(description).not.toHaveProperty('dependencies');
    expect(readdirSync(join(installed.project, 'node_modules')).sort()).toEqual([
      ...['.bin', '.package-lock.json', 'aws-cdk-lib', 'ci-metrics-collector', 'constructs'],
    ]);
  });

  it('names no place of this machine', () => {
    const traced = installed.files
      .filter((file) => !file.endsWith('.jsii'))
      .filter((file) => readFileSync(join(installed.built, file), 'latin1').includes(root));

    expect(traced).toEqual([]);
  });

  it('hands on the licences of what is bundled', () => {
    const text = readFileSync(join(installed.built, 'THIRD-PARTY-LICENSES'), 'utf8');
    const licences = new Set([...text.matchAll(/^---\n\S+ \S+: (.+)$/gm)].map(([, licence]) => licence));

    expect([...licences].sort()).toEqual(['(Apache-2.0 AND BSD-3-Clause)', 'Apache-2.0', 'ISC', 'MIT', 'MIT-0']);
    for (const name of ['undici', 'yaml', 'zod', '@aws-sdk/client-cloudwatch']) expect(text).toContain(`---\n${name} `);
  });

  it('pleases publint', () => {
    const tool = join(root, 'node_modules/publint/src/cli.js');

    const { status, stdout } = spawnSync(process.execPath, [tool, '--strict', installed.tarball], { encoding: 'utf8' });

    expect({ status, stdout }).toMatchObject({ status: 0 });
  });

  it('has types that every kind of resolution finds', () => {
    const tool = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const options = ['--format', 'json', '--exclude-entrypoints', './.jsii', '--'];

    const { status, stdout } = spawnSync(process.execPath, [tool, ...options, installed.tarball], { encoding: 'utf8' });

    expect({ status, stdout }).toMatchObject({ status: 0 });
  });
});

describe('the command of the package', () => {
  const run = (args: readonly string[], node = process.execPath) =>
    spawnSync(node, [join(installed.project, 'node_modules/ci-metrics-collector/cli/entry.cjs'), ...args], {
      cwd: installed.project,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', HOME: installed.project, TMPDIR: installed.project },
    });

  it('is on the path of npm', () => {
    const { stdout } = spawnSync(join(installed.project, 'node_modules/.bin/ci-metrics-collector'), ['--version'], {
      encoding: 'utf8',
    });

    expect(stdout).toBe(`${version}\n`);
  });

  it('says what to do where Node is too old for it', () => {
    for (const node of findNodes()) {
      const { status, stdout, stderr } = run(['--version'], node);
      const [major = 0, minor = 0] = readVersion(node).split('.').map(Number);

      if (major > 22 || (major === 22 && minor >= 19))
        expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
      else {
        expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
        expect(stderr).toMatch(/^ci-metrics-collector needs Node 22\.19 or newer, and .* is v\d.*nvm install 24/);
      }
    }
  });

  it('calls itself by its name', () => {
    expect(run(['collect']).stderr).toBe(
      'error: --config FILE is missing: it names the collector.yaml to read\nsee: ci-metrics-collector collect --help\n',
    );
  });

  it('goes from nothing to a run: init, demo, a dry run, dashboards', () => {
    const init = run([
      'init',
      '--for',
      'terminal',
      '--source',
      'prometheus',
      '--url',
      'https://127.0.0.1:1/metrics',
      '--sink',
      'stdout',
    ]);
    expect(init).toMatchObject({ status: 0, stderr: '' });
    expect(init.stdout).toContain('ci-metrics-collector collect --config collector.yaml --dry-run\n');
    expect(run(['collect', '--config', 'collector.yaml', '--dry-run'])).toMatchObject({ status: 1, stderr: '' });
    const demo = run(['demo', '--for', '4s', '--every', '1s', '--port', '0']);
    expect(demo).toMatchObject({ status: 0 });
    expect(demo.stdout).toContain('collector  ● ok');
    expect(run(['dashboards', '--to', 'monitoring'])).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(installed.project, 'monitoring'))).toContain('grafana-ci.json');
  });
});
