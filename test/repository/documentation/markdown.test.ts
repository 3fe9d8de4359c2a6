/** Tests of the Markdown files: links, manifests, configurations and programs in them. */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { collectMetricNames } from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { anchor } from '../../../scripts/docs/table.ts';
import { withPromtool } from '../../servers/require.ts';
import { fencesOf, markdownFiles, proseOf, root, textOf } from '../files.ts';

const run = promisify(execFile);

/** The anchors that GitHub gives the headings of a file. */
function anchorsOf(file: string): ReadonlySet<string> {
  return new Set(
    proseOf(file)
      .split('\n')
      .filter((line) => /^#+ /.test(line))
      .map((line) => anchor(line.replace(/^#+ /, ''))),
  );
}

interface Link {
  readonly file: string;
  readonly target: string;
}

function linksIn(file: string): readonly Link[] {
  return [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ file, target }));
}

function isBroken({ file, target }: Link): boolean {
  if (/^(https?|mailto):/.test(target)) return false;
  const [path = '', heading] = target.split('#');
  const linked = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(root, linked))) return true;
  if (heading === undefined) return false;
  return statSync(join(root, linked)).isDirectory() || !anchorsOf(linked).has(heading);
}

describe('links', () => {
  const links = markdownFiles().flatMap(linksIn);

  it('lead to files and headings that exist', () => {
    expect(links.length).toBeGreaterThan(40);
    expect(links.filter(isBroken)).toEqual([]);
  });

  it('are noticed when they do not', () => {
    const file = 'docs/deploying.md';

    expect(isBroken({ file, target: 'missing.md' })).toBe(true);
    expect(isBroken({ file, target: '#no-such-heading' })).toBe(true);
    expect(isBroken({ file, target: '../README.md#no-such-heading' })).toBe(true);
    expect(isBroken({ file, target: 'metrics.md#metrics-about-ci' })).toBe(false);
  });
});

/** Folders of the repository whose files a text names. */
const namedPath = /`((?:lambda|infra|scripts|test|docs|dashboards)\/[\w./-]+)`/g;

/** A file of somebody else's app, in an example. */
const foreignPaths: readonly string[] = ['infra/my-app.ts'];

function pathsIn(file: string): readonly string[] {
  return [...textOf(file).matchAll(namedPath)].map(([, path = '']) => path);
}

describe('files and folders that a text names', () => {
  it('exist', () => {
    const named = markdownFiles().flatMap((file) => pathsIn(file).map((path) => ({ file, path })));

    expect(named.length).toBeGreaterThan(40);
    const missing = named.filter(({ path }) => !foreignPaths.includes(path) && !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });
});

/** A part of a configuration becomes a whole one: what it leaves out is what every example has. */
function completed(text: string): string {
  const list = /^- kind: ([\w-]+)/.exec(text.replaceAll(/^#.*\n/gm, ''))?.[1];
  const isSource = sources.some(({ kind }) => kind === list);
  const listed = list === undefined ? text : `${isSource ? 'sources' : 'sinks'}:\n${text.replaceAll(/^/gm, '  ')}`;
  const has = (name: string): boolean => new RegExp(`^${name}:`, 'm').test(listed);
  return [
    listed,
    ...(has('sources') ? [] : ['sources: [{ kind: buildkite, agentTokens: [{ secret: ci-metrics/buildkite }] }]']),
    ...(has('sinks') ? [] : ['sinks: [{ kind: cloudwatch }]']),
  ].join('\n');
}

/** Files of Prometheus, not of the collector. */
function isOfPrometheus(text: string): boolean {
  return /^(scrape_configs|groups|rule_files):/m.test(text);
}

/** Manifests of Kubernetes, for a cluster and not for the collector. */
function isOfKubernetes(text: string): boolean {
  return /^apiVersion:/m.test(text);
}

/** What the API server asks of every object, whatever its kind. */
const Manifest = z.object({
  apiVersion: z.string().regex(/^([a-z0-9.-]+\/)?v\d+((alpha|beta)\d+)?$/),
  kind: z.string().regex(/^[A-Z][A-Za-z]+$/),
  metadata: z.object({ name: z.string().min(1) }),
});

/** Every object of a block, which may be several. @throws Error for a block that is no manifest. */
function manifestsIn(text: string): readonly z.infer<typeof Manifest>[] {
  return parseAllDocuments(text, { strict: true }).map((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return Manifest.parse(document.toJS());
  });
}

describe('manifests of Kubernetes in the documentation', () => {
  const examples = fencesOf('yaml').filter(({ text }) => isOfKubernetes(text));

  it.each(examples)('are objects with a kind and a name: $place', ({ text }) => {
    expect(manifestsIn(text)).not.toEqual([]);
  });

  it('are some', () => {
    expect(examples).not.toEqual([]);
  });

  it.each([
    ['no name', 'apiVersion: v1\nkind: Secret\n'],
    ['a damaged second object', 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n---\napiVersion: v1\nkind: [\n'],
    ['a version that is none', 'apiVersion: rbac\nkind: Role\nmetadata: { name: a }\n'],
  ])('are noticed when they are wrong: %s', (_name, text) => {
    expect(() => manifestsIn(text)).toThrow();
  });
});

withPromtool('configurations of Prometheus in the documentation', () => {
  const examples = fencesOf('yaml').filter(({ text }) => isOfPrometheus(text));

  it.each(examples)('pass promtool: $place', async ({ text }) => {
    const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-docs-'));
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, text);

    const kind = /^groups:/m.test(text) ? 'rules' : 'config';
    const output = await run('promtool', ['check', kind, file]);

    expect(output.stdout).toContain('SUCCESS');
    await rm(folder, { recursive: true });
  });

  it('are some', () => {
    expect(examples).not.toEqual([]);
  });
});

describe('configurations in the documentation', () => {
  const examples = [...fencesOf('yaml'), ...fencesOf('yml')].filter(
    ({ text }) => !isOfPrometheus(text) && !isOfKubernetes(text),
  );

  it.each(examples)('can be used: $place', ({ place, text }) => {
    // Secrets of the environment, files on a disk and pages that are served are for the terminal only.
    const environment = /\{ ?(env|file):|kind: (file|scrape-page)/.test(text) ? 'terminal' : 'lambda';

    expect(() => parseConfig(completed(text), { file: place, environment })).not.toThrow();
  });

  it('are some', () => {
    expect(examples.length).toBeGreaterThan(8);
  });

  it('are noticed when they are wrong', () => {
    expect(() => parseConfig(completed('intervall: 1 minute\n'), { file: 'x', environment: 'lambda' })).toThrow(
      'intervall',
    );
  });
});

const compilerOptions = {
  ...ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
  ).options,
  // An app with the package has it by its name.
  paths: { 'ci-metrics-collector': [join(root, 'infra/package/index.ts')] },
};

/** The page tells where to put its program; all others stand in the folder that their README is about. */
const places: Readonly<Record<string, string>> = { 'docs/deploying.md': 'infra' };

interface DocumentedProgram {
  readonly text: string;
  readonly folder: string;
}

/** What the compiler says about each of some programs in folders; it reads what they share once. */
function findFaults(programs: readonly DocumentedProgram[]): readonly (readonly string[])[] {
  const files = programs.map(({ folder }, index) => join(root, folder, `documented-example-${String(index)}.ts`));
  const texts = new Map(files.map((file, index) => [file, programs[index]?.text ?? '']));
  const host = ts.createCompilerHost(compilerOptions);
  const program = ts.createProgram(files, compilerOptions, {
    ...host,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile: (path, ...options) => {
      const text = texts.get(path);
      return text === undefined ? host.getSourceFile(path, ...options) : ts.createSourceFile(path, text, options[0]);
    },
  });
  return files.map((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

describe('programs in the documentation', () => {
  const examples = fencesOf('ts');
  const wrong = { text: "import { CiMetricsCollectors } from './ci-metrics-collector.ts';\n", folder: 'infra' };

  it('compile, and are noticed when they do not', { timeout: 600_000 }, () => {
    const programs = examples.map(({ file, text }) => ({ text, folder: places[file] ?? dirname(file) }));

    const faults = findFaults([...programs, wrong]);

    expect(examples.length).toBeGreaterThan(0);
    expect(examples.map(({ place }, index) => ({ place, faults: faults[index] }))).toEqual(
      examples.map(({ place }) => ({ place, faults: [] })),
    );
    expect(faults.at(-1)).not.toEqual([]);
  });
});

describe('metrics in the documentation', () => {
  const metrics = [...catalogue, ...sources.flatMap((source) => source.metrics)];
  const known = new Set(metrics.map(({ name }) => name));

  it('exist, in words and in queries', () => {
    const recording = textOf('dashboards/prometheus-rules-recording.yaml');
    const recorded = [...recording.matchAll(/record: (\S+)/g)].map(([, name = '']) => name);
    const withoutRecorded = (text: string): string =>
      recorded.reduce((rest, name) => rest.replaceAll(name, 'a recorded series'), text);
    const mentioned = markdownFiles().flatMap((file) =>
      [...withoutRecorded(textOf(file)).matchAll(/\b(ci|buildkite)_[a-z0-9_]*[a-z0-9](?![a-z0-9_*])/g)].map(
        ([name]) => ({
          file,
          name,
        }),
      ),
    );

    expect(mentioned.length).toBeGreaterThan(50);
    expect(recorded.length).toBeGreaterThan(0);
    const module = 'ci_metrics_collector';
    // Names of before, which only the changelog may tell.
    const former = ['ci_bitbucket_deployments_total', 'ci_bitbucket_deployment_last_success_timestamp_seconds'];
    const isFormer = (file: string, name: string): boolean => file === 'CHANGELOG.md' && former.includes(name);
    expect(mentioned.filter(({ file, name }) => !known.has(name) && name !== module && !isFormer(file, name))).toEqual(
      [],
    );
  });

  it('have names in CloudWatch of which the guides name only real ones', () => {
    const names = new Set(metrics.flatMap(({ cloudWatch }) => collectMetricNames(cloudWatch)));
    const included = [...fencesOf('yaml')].flatMap(({ place, text }) =>
      [...text.matchAll(/^ +metrics: \{ (?:include|exclude): \[([^\]]+)\]/gm)].flatMap(([, list = '']) =>
        list.split(',').map((name) => ({ place, name: name.replaceAll(/['"\s]/g, '') })),
      ),
    );

    const unknown = included.filter(({ name }) => !/[*?]/.test(name) && !names.has(name) && !known.has(name));

    expect(included.length).toBeGreaterThan(2);
    expect(unknown).toEqual([]);
  });
});
