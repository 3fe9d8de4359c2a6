/** The registry of the sources: every kind there is, and how a configured one is prepared. */
import { bitbucketPipelines } from './bitbucket-pipelines/index.ts';
import { buildkite } from './buildkite/index.ts';
import { chainloop } from './chainloop/index.ts';
import { prometheus } from './prometheus/index.ts';
import type { PreparedSource, RegisteredSource } from './source.ts';
import { tekton } from './tekton/index.ts';

/** Every source there is, alphabetical: one folder and one line each. */
export const sources = [
  bitbucketPipelines,
  buildkite,
  chainloop,
  prometheus,
  tekton,
] as const satisfies readonly RegisteredSource[];

export type SourceKind = (typeof sources)[number]['kind'];

/** @throws z.ZodError for a configuration that does not fit its kind. */
export function prepareSource(raw: Readonly<Record<string, unknown>>): PreparedSource {
  const known: readonly RegisteredSource[] = sources;
  const registered = known.find(({ kind }) => kind === raw['kind']);
  if (registered === undefined) throw new RangeError(`no source of kind ${String(raw['kind'])}`);
  return registered.prepare(raw);
}
