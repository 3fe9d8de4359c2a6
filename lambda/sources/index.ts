/** The registry of the sources: the list of every kind there is, and nothing else, because a bundle has a list of its own. */
import { bitbucketPipelines } from './bitbucket-pipelines/index.ts';
import { buildkite } from './buildkite/index.ts';
import { chainloop } from './chainloop/index.ts';
import { githubActions } from './github-actions/index.ts';
import { prometheus } from './prometheus/index.ts';
import type { RegisteredSource } from './source.ts';
import { tekton } from './tekton/index.ts';

/** Every source there is, alphabetical: one folder and one line each. Its constant is its kind in camel case. */
export const sources = [
  bitbucketPipelines,
  buildkite,
  chainloop,
  githubActions,
  prometheus,
  tekton,
] as const satisfies readonly RegisteredSource[];

export type SourceKind = (typeof sources)[number]['kind'];
