/** What the schema of one setting alone cannot see: names, targets and secrets that do not go together. */
import * as z from 'zod';
import { sinks } from '../../sinks/index.ts';
import type { RegisteredSink } from '../../sinks/sink.ts';
import { findWorkspaceRegion } from '../../settings/workspace-region.ts';
import { type ConfigFinding, formatPath } from '../config-error.ts';
import { useSecretsManager } from '../explain/explain-union.ts';
import { unwrapSchema, isRecord, chooseOption, findSchemaBelow } from '../walk-schema.ts';
import { findSecretRefs } from './find-secret-refs.ts';

/** With the type that they have in common. */
const registeredSinks: readonly RegisteredSink[] = sinks;

/** Where a configuration is used; some secrets exist in one place only. `emulator`: AWS, emulated on this machine. */
export type Environment = 'lambda' | 'emulator' | 'terminal';

/** A source or sink whose own settings fit, with its number in the list. */
export interface Entry {
  readonly index: number;
  readonly config: Readonly<Record<string, unknown>> & { readonly kind: string };
}

/** A source or sink by its place in the file, whether or not the rest of it fits. */
export interface NamedEntry {
  readonly path: readonly ['sources' | 'sinks', number];
  readonly name: string;
}

/** Sinks that need a process which lives on between two runs. */
export function checkEnvironmentOfSinks(
  sinks: readonly (Pick<Entry, 'index'> & { readonly config: Readonly<Record<string, unknown>> })[],
  environment: Environment,
): readonly ConfigFinding[] {
  if (environment === 'terminal') return [];
  return sinks.flatMap(({ index, config }) => {
    const reason = registeredSinks.find(({ kind }) => kind === config['kind'])?.notInFunction;
    return reason === undefined ? [] : [{ path: ['sinks', index, 'kind'], message: reason }];
  });
}

/** Names tell sources and sinks apart in labels, logs and state. */
export function checkNames(entries: readonly NamedEntry[]): readonly ConfigFinding[] {
  const seen = new Map<string, NamedEntry>();
  return entries.flatMap((entry) => {
    const {
      path: [list, index],
      name,
    } = entry;
    const first = claimKey(seen, JSON.stringify([list, name]), entry);
    if (first === entry) return [];
    const message = `${formatPath(first.path)} is named ${name} too; give each a name of its own`;
    return [{ path: [list, index, 'name'], message }];
  });
}

/** The entry that had a key first: this one, if none had it before. */
function claimKey<Item>(seen: Map<string, Item>, key: string, item: Item): Item {
  const first = seen.get(key) ?? item;
  seen.set(key, first);
  return first;
}

/** Combinations of sinks that each of them alone does not show. */
export function checkSinks(sinks: readonly Entry[]): readonly ConfigFinding[] {
  return [...checkTargets(sinks), ...sinks.flatMap(checkWorkspace)];
}

/** Settings of a source that one of the sinks cannot carry out. */
export function checkNamesOfPages(sources: readonly Entry[], sinks: readonly Entry[]): readonly ConfigFinding[] {
  const isKept = sources.some(({ config }) => config.kind === 'prometheus' && config['utf8Names'] === 'keep');
  if (!isKept) return [];
  return sinks
    .filter(({ config }) => config.kind === 'remote-write' && config['version'] === '1.0')
    .map(({ index }) => ({
      path: ['sinks', index, 'version'],
      message: '1.0 cannot carry the names of a source with utf8Names: keep; use auto or 2.0, or utf8Names: escape',
    }));
}

interface Target {
  /** The settings by which a sink's data is one stream at its backend. */
  readonly settings: readonly string[];
  /** What two sinks with one stream do to each other. */
  readonly message: (other: string) => string;
}

const targets: Readonly<Record<string, Target>> = {
  cloudwatch: {
    settings: ['region', 'roleArn', 'namespace', 'dimensions'],
    message: (other) =>
      `publishes the same metrics as ${other}, which spoils every average; set other dimensions, or remove one`,
  },
  datadog: {
    settings: ['site', 'url', 'apiKey', 'tags'],
    message: (other) =>
      `writes the same series as ${other}, of which Datadog keeps one value a moment; set other tags, or remove one`,
  },
  file: {
    settings: ['path'],
    message: (other) => `writes to the same file as ${other}; set another path, or remove one`,
  },
  'google-cloud-monitoring': {
    settings: ['project', 'url', 'typePrefix', 'location', 'labels'],
    message: (other) =>
      `writes the same series as ${other}, which Cloud Monitoring refuses; set another typePrefix or location, or remove one`,
  },
  'new-relic': {
    settings: ['region', 'url', 'apiKey', 'attributes'],
    message: (other) =>
      `writes the same series as ${other}, which New Relic adds up; set other attributes, or remove one`,
  },
  otlp: {
    settings: ['preset', 'url', 'auth', 'apiKey', 'headers', 'attributes', 'resource', 'naming'],
    message: (other) =>
      `writes the same series as ${other}, which a receiver refuses or adds up; set other resource attributes, or remove one`,
  },
  pushgateway: {
    settings: ['url', 'job', 'grouping'],
    message: (other) => `replaces the group of ${other}; set another job or grouping, or remove one`,
  },
  statsd: {
    settings: ['host', 'port', 'tags', 'prefix', 'constantTags', 'compat'],
    message: (other) =>
      `sends the same series as ${other}, which StatsD adds up; set another prefix or other constantTags, or remove one`,
  },
  'scrape-page': {
    settings: ['listen'],
    message: (other) => `listens at the same address as ${other}; set another port, or remove one`,
  },
  'remote-write': {
    settings: ['url', 'labels', 'tenant', 'headers'],
    message: (other) =>
      `writes the same series as ${other}, which their receiver refuses; set other labels, or remove one`,
  },
};

function checkTargets(sinks: readonly Entry[]): readonly ConfigFinding[] {
  const seen = new Map<string, Entry>();
  return sinks.flatMap((sink) => {
    const target = targets[sink.config.kind];
    if (target === undefined) return [];
    const first = claimKey(seen, JSON.stringify([sink.config.kind, identifyStream(sink, target.settings)]), sink);
    if (first === sink) return [];
    return [{ path: ['sinks', sink.index], message: target.message(formatPath(['sinks', first.index])) }];
  });
}

function identifyStream({ config }: Entry, settings: readonly string[]): string {
  return JSON.stringify(settings.map((name) => sortEntries(config[name])));
}

/** Equal label sets are equal in any order. */
function sortEntries(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Amazon Managed Service for Prometheus API reference, RemoteWrite: the only path that takes samples. */
const remoteWritePath = /^\/workspaces\/ws-[A-Za-z0-9-]+\/api\/v1\/remote_write$/;

function checkWorkspace({ index, config }: Entry): readonly ConfigFinding[] {
  const { url, auth } = config;
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  const region = findWorkspaceRegion(parsed?.hostname ?? '');
  if (parsed === null || region === undefined) return [];
  return [...checkWorkspacePath(index, parsed, region), ...checkWorkspaceSigning(index, auth, region)];
}

function checkWorkspacePath(
  index: number,
  { protocol, port, pathname }: URL,
  region: string,
): readonly ConfigFinding[] {
  if (protocol === 'https:' && port === '' && remoteWritePath.test(pathname)) return [];
  const right = `https://aps-workspaces.${region}.amazonaws.com/workspaces/ws-…/api/v1/remote_write`;
  return [{ path: ['sinks', index, 'url'], message: `a workspace takes samples at ${right} only` }];
}

function checkWorkspaceSigning(index: number, auth: unknown, region: string): readonly ConfigFinding[] {
  const path = ['sinks', index, 'auth'];
  const signed = findSigningRegion(auth);
  if (signed === undefined) {
    const message = `Amazon Managed Service for Prometheus takes signed requests only; set auth: { sigv4: { region: ${region} } }`;
    return [{ path, message }];
  }
  if (signed === region) return [];
  return [{ path: [...path, 'sigv4', 'region'], message: `the URL is in ${region}; sign for the same Region` }];
}

function findSigningRegion(auth: unknown): unknown {
  if (typeof auth !== 'object' || auth === null || !('sigv4' in auth)) return undefined;
  const { sigv4 } = auth;
  return typeof sigv4 === 'object' && sigv4 !== null && 'region' in sigv4 ? sigv4.region : undefined;
}

/** References that cannot be followed where the configuration is used. */
export function checkSecretRefs(schema: unknown, value: unknown, environment: Environment): readonly ConfigFinding[] {
  if (environment === 'terminal') return [];
  return findSecretRefs(schema, value).flatMap(({ path, ref }) => {
    if ('env' in ref)
      return [
        { path, message: `an environment variable is no place for a secret in AWS Lambda; ${useSecretsManager}` },
      ];
    return 'file' in ref ? [{ path, message: `AWS Lambda has no such file; ${useSecretsManager}` }] : [];
  });
}

/**
 * Every object of JavaScript has a `__proto__` already, so the schema leaves a label of this name out without a word.
 * Where the schema knows the names itself, it tells of it as of any unknown setting.
 */
export function checkNamesOfObjects(
  schema: unknown,
  value: unknown,
  path: ConfigFinding['path'] = [],
): readonly ConfigFinding[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) =>
      checkNamesOfObjects(findSchemaBelow(schema, value, index), item, [...path, index]),
    );
  if (!isRecord(value)) return [];
  const message = 'is a name that no label, header or dimension can have here; choose another';
  const own = isNamedFreely(schema, value) && Object.hasOwn(value, '__proto__');
  const below = Object.entries(value).flatMap(([name, item]) =>
    checkNamesOfObjects(findSchemaBelow(schema, value, name), item, [...path, name]),
  );
  return own ? [{ path: [...path, '__proto__'], about: 'key', message }, ...below] : below;
}

function isNamedFreely(schema: unknown, value: unknown): boolean {
  return [unwrapSchema(schema), chooseOption(schema, value)].some((known) => known instanceof z.ZodRecord);
}
