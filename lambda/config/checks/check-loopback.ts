/** Finds URLs that lead to the function itself, to which the function sends nothing (`http/transport/address.ts`). */
import * as z from 'zod';
import { hostOf, isLoopbackHost } from '../../http/transport/address.ts';
import { sinks } from '../../sinks/index.ts';
import type { RegisteredSink } from '../../sinks/sink.ts';
import type { ConfigFinding } from '../config-error.ts';
import { walkSettings } from '../walk-schema.ts';
import type { Entry, Environment } from './check-entries.ts';

/** With the type that they have in common. */
const registeredSinks: readonly RegisteredSink[] = sinks;

/**
 * Every URL of a configuration that leads to this machine. The schema leads: a label that looks like a URL is none. The
 * host of the sink `statsd` is no URL, and its datagrams may go to an extension of the function.
 */
export function checkLoopback(schema: unknown, value: unknown, environment: Environment): readonly ConfigFinding[] {
  if (environment !== 'lambda') return [];
  return [...walkSettings(schema, value)]
    .filter((setting) => setting.schema instanceof z.ZodURL && isOfThisMachine(setting.value))
    .map(({ path }) => ({ path, message: `${remedy}; write a host that the function reaches` }));
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

function isOfThisMachine(text: unknown): boolean {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  return url !== null && isLoopbackHost(hostOf(url));
}
