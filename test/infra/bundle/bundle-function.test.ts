/** Tests of bundling the function: it runs from its own folder, and the same code gives the same bytes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Metafile } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleFunction, bundleFunctionCode, formatRuntimeConfig } from '../../../infra/bundle/bundle-function.ts';
import type { ConfiguredKinds } from '../../../infra/bundle/only-configured.ts';
import { parseRuntimeConfig } from '../../../lambda/config/parse-runtime-config.ts';
import { sinks } from '../../../lambda/sinks/index.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { PrometheusConfig } from '../../../lambda/sources/prometheus/config.ts';
import { configOf, foreignStack } from '../synthesis.ts';

const repository = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-bundle-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A function with a plugin that it may never load, and one of the packages that call `require`. */
const standIn = {
  'entry.ts': `
    import { register } from 'prom-client';
    export async function handler({ load }: { load: boolean }): Promise<string> {
      return load ? (await import('./plugin.ts')).text : typeof register;
    }`,
  'plugin.ts': `export const text = 'a plugin that only a configuration loads';`,
};

function bundleStandIn(name: string): string {
  return bundleFiles(name, standIn);
}

function bundleFiles(name: string, sources: Readonly<Record<string, string>>): string {
  const directory = join(folder, name);
  // The packages are found from the repository, where they are installed.
  const entry = join(repository, `.cache/stand-in-${String(process.pid)}`);
  mkdirSync(entry, { recursive: true });
  try {
    for (const [file, text] of Object.entries(sources)) writeFileSync(join(entry, file), text);
    bundleFunction({ directory, config: configOf('minimal'), entry: join(entry, 'entry.ts') });
  } finally {
    rmSync(entry, { recursive: true, force: true });
  }
  return directory;
}

function contents(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((file) => [file, readFileSync(join(directory, file), 'utf8')]),
  );
}

describe('the bundle', () => {
  it('runs from its own folder, CommonJS packages included', () => {
    const directory = bundleStandIn('runs');

    const output = execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { handler } from '${join(directory, 'index.mjs')}'; console.log(await handler({ load: false }), await handler({ load: true }));`,
      ],
      { encoding: 'utf8', cwd: directory },
    );

    expect(output).toBe('object a plugin that only a configuration loads\n');
  });

  it('keeps what only a configuration loads out of the start', () => {
    const files = contents(bundleStandIn('split'));
    const withPlugin = Object.entries(files).filter(
      ([file, text]) => file.endsWith('.mjs') && text.includes('a plugin that only'),
    );

    expect(withPlugin.map(([file]) => file)).not.toContain('index.mjs');
    expect(withPlugin).toHaveLength(1);
  });

  it('is the same twice, so that an unchanged function is not deployed', () => {
    expect(contents(bundleStandIn('first'))).toEqual(contents(bundleStandIn('deeper/second')));
  });

  it('names no folder of the machine and carries no source text', () => {
    const files = Object.entries(contents(bundleStandIn('maps')));
    const maps = files.filter(([file]) => file.endsWith('.map'));

    expect(maps.length).toBeGreaterThan(1);
    expect(maps.filter(([, text]) => text.includes('sourcesContent'))).toEqual([]);
    const tracesOfPlaces = [repository.slice(1), folder.slice(1)];
    expect(files.filter(([, text]) => tracesOfPlaces.some((trace) => text.includes(trace)))).toEqual([]);
  });
});

describe('a checkout in another place', () => {
  it('has the same bytes, also where its packages are a link', () => {
    const elsewhere = join(folder, 'another/checkout');
    for (const part of ['infra', 'lambda', 'package.json', 'tsconfig.json'])
      cpSync(join(repository, part), join(elsewhere, part), { recursive: true });
    symlinkSync(realpathSync(join(repository, 'node_modules')), join(elsewhere, 'node_modules'));
    const bundled = (checkout: string, name: string): Readonly<Record<string, string>> => {
      bundleKinds(name, { sources: ['buildkite'], sinks: ['cloudwatch'] }, checkout);
      const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
      return Object.fromEntries(
        Object.entries(contents(join(folder, name))).map(([file, text]) => [file, digest(text)]),
      );
    };

    const here = bundled(repository, 'here');

    expect(Object.keys(here).length).toBeGreaterThan(5);
    expect(bundled(elsewhere, 'there')).toEqual(here);
  });
});

describe('a stack of the bundle', () => {
  it('names the places in the sources, and still the message and the frames of Node', () => {
    const directory = bundleFiles('stacks', {
      'entry.ts': `
        import { showSourcesInStacks } from '${join(repository, 'lambda/log/readable-stacks.ts')}';
        import { fail } from './thrower.ts';
        showSourcesInStacks();
        export function stack(): string {
          try {
            JSON.parse('[1]', () => fail('the reason'));
            return '';
          } catch (error) {
            return error instanceof Error ? error.stack ?? '' : '';
          }
        }`,
      'thrower.ts': `export function fail(reason: string): never {
        throw new RangeError(reason);
      }`,
    });

    const script = `import { stack } from '${join(directory, 'index.mjs')}'; console.log(stack());`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });

    const [message, ...frames] = output.trimEnd().split('\n');
    expect(message).toBe('RangeError: the reason');
    expect(frames[0]).toMatch(/^ {4}at .*thrower\.ts:2:15$/);
    expect(frames.join('\n')).toMatch(/at .*entry\.ts:7:/);
    expect(frames.join('\n')).toContain('at parse (<');
  });
});

describe('the configuration beside the function', () => {
  it('is what the function reads, without what only the stack needs', () => {
    const text = formatRuntimeConfig(configOf('everything'));

    expect(parseRuntimeConfig(text)).toMatchObject({ collector: 'everything', interval: '1 minute' });
    expect(Object.keys(JSON.parse(text) as object)).not.toContain('alarms');
    expect(Object.keys(JSON.parse(text) as object)).not.toContain('deployment');
  });

  it('does not change with an alarm threshold, which is no reason to deploy the function', () => {
    const config = configOf('everything');

    const changed = { ...config, alarms: { ...config.alarms, starvedMinutes: 9 } };

    expect(formatRuntimeConfig(changed)).toBe(formatRuntimeConfig(config));
  });
});

/** Bundles the function with these kinds, as its own process does it. */
function bundleKinds(name: string, kinds: ConfiguredKinds, checkout = repository): Metafile {
  const metafile = execFileSync(process.execPath, [join(checkout, 'infra/bundle/bundle-process.ts')], {
    input: JSON.stringify({ directory: join(folder, name), entry: 'lambda/handler.ts', kinds }),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: 'pipe',
  });
  return JSON.parse(metafile) as Metafile;
}

/** The folders of the plugins that are in a bundle, by the alphabet. */
function listPlugins(inputs: Metafile['inputs']): readonly string[] {
  const plugins = Object.keys(inputs)
    .map((input) => /^lambda\/(?:sources|sinks)\/[^/]+(?=\/)/.exec(input)?.[0])
    .filter((plugin) => plugin !== undefined);
  return [...new Set(plugins)].sort();
}

/** AWS unpacks and reads what the start imports; more than this is felt in every cold start. */
const startBudgetBytes = 1_500_000;

describe('the function of the repository', () => {
  it('keeps the sinks and the AWS SDK out of its first file, and the path to CloudWatch within its budget', () => {
    const { metafile } = bundleFunction({ directory: join(folder, 'real'), config: configOf('minimal') });
    const { outputs } = metafile;
    const readWith = (start: string, seen = new Set<string>()): ReadonlySet<string> => {
      if (seen.has(start) || !(start in outputs)) return seen;
      seen.add(start);
      for (const { kind, path } of outputs[start]?.imports ?? []) if (kind === 'import-statement') readWith(path, seen);
      return seen;
    };
    const entryOf = (pattern: RegExp): readonly string[] =>
      Object.keys(outputs).filter((file) => pattern.test(outputs[file]?.entryPoint ?? ''));
    const first = readWith('bundle/index.mjs');

    const lazy = entryOf(/(sinks|sources)\/[^/]+\/(create|collect)\.ts$|@aws-sdk\/client-/);
    const toCloudWatch = entryOf(/(cloudwatch\/create|buildkite\/collect)\.ts$|@aws-sdk\/client-secrets-manager\//);

    expect(lazy.length).toBeGreaterThanOrEqual(4);
    expect(lazy.filter((file) => first.has(file))).toEqual([]);
    expect(toCloudWatch).toHaveLength(3);
    const read = new Set(['bundle/index.mjs', ...toCloudWatch].flatMap((file) => [...readWith(file)]));
    const bytes = [...read].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
    expect(bytes).toBeGreaterThan(300_000);
    expect(bytes).toBeLessThan(startBudgetBytes);
  });

  it('holds the sources and sinks that the configuration names, and nothing of the others', () => {
    const { metafile } = bundleFunction({ directory: join(folder, 'kinds'), config: configOf('minimal') });

    expect(listPlugins(metafile.inputs)).toEqual(['lambda/sinks/cloudwatch', 'lambda/sources/buildkite']);
  });

  it('finds each kind that a configuration can name', () => {
    const kinds = { sources: sources.map(({ kind }) => kind), sinks: sinks.map(({ kind }) => kind) };

    const bundled = listPlugins(bundleKinds('all', kinds).inputs);

    expect(bundled).toEqual([
      ...kinds.sinks.map((kind) => `lambda/sinks/${kind}`),
      ...kinds.sources.map((kind) => `lambda/sources/${kind}`),
    ]);
  });

  it('is not made with a kind that does not exist', () => {
    expect(() => bundleKinds('unknown', { sources: ['carrier-pigeon'], sinks: [] })).toThrow(
      /Could not resolve "[.]\/carrier-pigeon\/index[.]ts"/,
    );
  });

  it('reads the engine of relabelling patterns only where there are patterns', () => {
    const prometheus = PrometheusConfig.parse({ kind: 'prometheus', targets: [{ url: 'https://host/metrics' }] });
    const config = { ...configOf('minimal'), sources: [prometheus] };
    const { outputs } = bundleFunction({ directory: join(folder, 'relabelling'), config }).metafile;
    const engine = Object.keys(outputs).filter((file) =>
      Object.keys(outputs[file]?.inputs ?? {}).some((input) => input.includes('node_modules/re2js/')),
    );
    const importers = Object.keys(outputs).filter((file) =>
      outputs[file]?.imports.some(({ path, kind }) => engine.includes(path) && kind === 'import-statement'),
    );

    expect(engine).toHaveLength(1);
    expect(outputs[engine[0] ?? '']?.entryPoint).toBe('lambda/sources/prometheus/relabel/relabel.ts');
    expect(importers).toEqual([]);
  });

  it('bundles, and differs by its configuration within one app', () => {
    const stack = foreignStack();
    const functions = (['minimal', 'everything'] as const).map(
      (variant) =>
        new lambda.Function(stack, variant, {
          runtime: lambda.Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: bundleFunctionCode(configOf(variant)),
        }),
    );

    const keys = functions.map((fn) =>
      JSON.stringify(stack.resolve((fn.node.defaultChild as lambda.CfnFunction).code)),
    );

    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => /[a-f0-9]{64}\.zip/.test(key))).toBe(true);
  });
});
