/** Checks a whole configuration, and finds everything that is wrong with it at once. */
import * as z from 'zod';
import {
  checkNames,
  checkNamesOfObjects,
  checkNamesOfPages,
  checkEnvironmentOfSinks,
  checkSecretRefs,
  checkSinks,
  type Entry,
  type NamedEntry,
  type Environment,
} from './check-entries.ts';
import { checkPatterns } from '../../sources/prometheus/relabel/check-patterns.ts';
import { checkImpliedUrls, checkLoopback } from './check-loopback.ts';
import type { ConfigFinding } from '../config-error.ts';
import { checkDeployment } from './check-deployment.ts';
import { explain } from '../explain/explain.ts';
import { checkPlainSecrets } from '../plain-secrets.ts';
import { isRecord, findSchemaBelow, findValue } from '../walk-schema.ts';
import { SinkConfig, SourceConfig } from '../runtime-config.ts';
import { CollectorConfig } from '../schema.ts';

export type Checked =
  { readonly config: CollectorConfig } | { readonly findings: readonly [ConfigFinding, ...ConfigFinding[]] };

/** Everything that is wrong with a configuration, or the configuration with its defaults. */
export function checkConfig(value: unknown, environment: Environment): Checked {
  const parsed = CollectorConfig.safeParse(value);
  const [first, ...more] = [
    ...explain(parsed.error?.issues ?? [], { schema: CollectorConfig, value }),
    // What fits by itself is compared although something else does not: one round of corrections, not two.
    ...checkNames([...collectNames('sources', SourceConfig, value), ...collectNames('sinks', SinkConfig, value)]),
    ...checkSinks(selectFitting('sinks', SinkConfig, value)),
    ...checkEnvironmentOfSinks(selectFitting('sinks', SinkConfig, value), environment),
    ...checkLoopback(CollectorConfig, value, environment),
    ...checkImpliedUrls(selectFitting('sinks', SinkConfig, value), environment),
    ...checkPatternsOfSources(selectFitting('sources', SourceConfig, value)),
    ...checkNamesOfPages(selectFitting('sources', SourceConfig, value), selectFitting('sinks', SinkConfig, value)),
    ...checkNamesOfObjects(CollectorConfig, value),
    ...checkSecretRefs(CollectorConfig, value, environment),
    ...checkPlainSecrets(value),
    ...(parsed.success ? checkDeployment(parsed.data) : []),
  ];
  if (first !== undefined) return { findings: [first, ...more] };
  if (parsed.success) return { config: parsed.data };
  return { findings: [{ path: [], message: 'does not fit; see docs/configuration.md' }] };
}

/** What takes an engine to check, which the function loads only where it is used. */
function checkPatternsOfSources(entries: readonly Entry[]): readonly ConfigFinding[] {
  return entries.flatMap(({ index, config }) =>
    checkPatterns(config).map(({ path, message }) => ({ path: ['sources', index, ...path], message })),
  );
}

function selectList(name: 'sources' | 'sinks', value: unknown): readonly unknown[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function selectFitting(list: 'sources' | 'sinks', union: z.ZodType, value: unknown): readonly Entry[] {
  return selectList(list, value).flatMap((item, index) => {
    const { data } = union.safeParse(item);
    return isOfSomeKind(data) ? [{ index, config: data }] : [];
  });
}

function isOfSomeKind(config: unknown): config is Entry['config'] {
  return isRecord(config) && typeof config['kind'] === 'string';
}

function collectNames(list: 'sources' | 'sinks', union: unknown, value: unknown): readonly NamedEntry[] {
  return selectList(list, value).flatMap((item, index) => {
    const schema = findSchemaBelow(union, item, 'name');
    const name = schema instanceof z.ZodType ? schema.safeParse(findValue(item, ['name'])).data : undefined;
    return typeof name === 'string' ? [{ path: [list, index], name }] : [];
  });
}
