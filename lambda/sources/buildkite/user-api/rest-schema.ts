/** What is read of REST's answers: builds, jobs and the token. */
import * as z from 'zod';
import { Flag, Text } from './lenient.ts';

/** A job that an agent runs. */
export const Job = z.object({
  id: z.string().min(1),
  type: z.string(),
  state: z.string(),
  name: Text,
  exit_status: z.number().nullish().catch(undefined),
  signal: Text,
  signal_reason: Text,
  soft_failed: Flag,
  /** Another job took its place. */
  retried: Flag,
  agent_query_rules: z.array(z.string()).nullish().catch(undefined),
  cluster_id: Text,
  cluster_queue_id: Text,
  runnable_at: Text,
  started_at: Text,
  finished_at: Text,
  expired_at: Text,
  web_url: Text,
});
export type Job = z.infer<typeof Job>;

/** A step that starts another build and waits for it: machines work meanwhile, though not on jobs of this build. */
const TriggerJob = z.object({ type: z.literal('trigger'), runnable_at: Text, started_at: Text, finished_at: Text });
export type TriggerJob = z.infer<typeof TriggerJob>;

/** The jobs of a build that agents run: wait steps, block steps and triggers are jobs too, but no agent runs them. */
export interface ScriptJobs {
  readonly readable: readonly Job[];
  readonly triggers: readonly TriggerJob[];
  /** How many are not what Buildkite documents. */
  readonly unreadable: number;
}

const OfAgents = z.object({ type: z.literal('script') });

function parseScriptJobs(elements: readonly unknown[] | null | undefined): ScriptJobs {
  const ofAgents = (elements ?? []).filter((element) => OfAgents.safeParse(element).success);
  const readable = ofAgents.map((element) => Job.safeParse(element)).flatMap(({ data }) => (data ? [data] : []));
  const triggers = (elements ?? []).flatMap((element) => TriggerJob.safeParse(element).data ?? []);
  return { readable, triggers, unreadable: ofAgents.length - readable.length };
}

/** The id stays the same when the pipeline is renamed; the slug changes with the name. */
export const Pipeline = z.object({ id: Text, slug: z.string().min(1), default_branch: Text });

export const Build = z.object({
  id: z.string().min(1),
  number: z.number(),
  state: z.string(),
  blocked: Flag,
  branch: Text,
  commit: Text,
  web_url: Text,
  url: Text,
  created_at: Text,
  started_at: Text,
  finished_at: Text,
  /** The build that this one repeats. */
  rebuilt_from: z.looseObject({}).nullish().catch(undefined),
  pipeline: Pipeline.nullish().catch(undefined),
  jobs: z.array(z.unknown()).nullish().catch(undefined).transform(parseScriptJobs),
});
export type Build = z.infer<typeof Build>;

/** Elements are read one by one, so that a bad one costs only itself. */
export const BuildPage = z.array(z.unknown());

/** `GET /v2/access-token`, which needs no scope. */
export const AccessToken = z.object({
  scopes: z.array(z.string()),
  created_at: Text,
  expires_at: Text,
});
export type AccessToken = z.infer<typeof AccessToken>;

/** The pipeline's slug; where the pipeline is left out, it stands in the build's address. */
export function findPipeline({ pipeline, url }: Pick<Build, 'pipeline' | 'url'>): string | undefined {
  return pipeline?.slug ?? /\/pipelines\/([^/?#]+)\/builds\//.exec(url ?? '')?.[1];
}
