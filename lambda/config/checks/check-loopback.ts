/** Finds URLs that lead to the function itself, to which the function sends nothing (`http/transport/address.ts`). */
import * as z from 'zod';
import { hostOf, isLoopbackHost } from '../../http/transport/address.ts';
import { sinks } from '../../sinks/index.ts';
import type { RegisteredSink } from '../../sinks/sink.ts';
import type { ConfigFinding, ConfigPath } from '../config-error.ts';
import { chooseOption, findSchemaBelow, isRecord, unwrapSchema } from '../walk-schema.ts';
import type { Entry, Environment } from './check-entries.ts';

/** With the type that they have in common. */
const registeredSinks: readonly RegisteredSink[] = sinks;

/**
 * Every URL of a configuration that leads to this machine. The schema leads: a label that looks like a URL is none. The
 * host of the sink `statsd` is no URL, and its datagrams may go to an extension of the function.
 */
export function checkLoopback(schema: unknown, value: unknown, environment: Environment): readonly ConfigFinding[] {
  if (environment !== 'lambda') return [];
  return findUrls(schema, value).flatMap(({ path, url }) =>
    isOfThisMachine(url) ? [{ path, message: `${remedy}; write a host that the function reaches` }] : [],
  );
}

/** The same for a URL that follows from another setting. */
export function checkImpliedUrls(entries: readonly Entry[], environment: Environment): readonly ConfigFinding[] {
  if (environment !== 'lambda') return [];
  return entries.flatMap(({ index, config }) => {
    const sink = registeredSinks.find(({ kind }) => kind === config.kind);
    const implied = sink?.prepare(config).impliedUrl;
    if (implied === undefined || !isOfThisMachine(implied.url)) return [];
    const message = `means ${implied.url}, which ${remedy}; add \`url\` with a host that the function reaches`;
    return [{ path: ['sinks', index, implied.setting], message }];
  });
}

const remedy = 'is the function itself in AWS Lambda, to which nothing is sent';

interface LocatedUrl {
  readonly path: ConfigPath;
  readonly url: string;
}

function findUrls(schema: unknown, value: unknown, path: ConfigPath = []): readonly LocatedUrl[] {
  const outer = unwrapSchema(schema);
  if (typeof value === 'string') return outer instanceof z.ZodURL ? [{ path, url: value }] : [];
  if (outer instanceof z.ZodUnion) {
    const option = chooseOption(outer, value);
    return option === undefined || option === outer ? [] : findUrls(option, value, path);
  }
  const searchBelow = (part: string | number, item: unknown): readonly LocatedUrl[] =>
    findUrls(findSchemaBelow(outer, value, part), item, [...path, part]);
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => searchBelow(index, item));
  return isRecord(value) ? Object.entries(value).flatMap(([name, item]) => searchBelow(name, item)) : [];
}

function isOfThisMachine(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isLoopbackHost(hostOf(url));
}
