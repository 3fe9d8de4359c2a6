/** What is read of GraphQL's answers; whatever the published schema allows to be null may be null here. */
import * as z from 'zod';
import { Flag, Text } from './lenient.ts';

/** Every answer of the GraphQL API; errors come with status 200. */
export const GraphqlAnswer = z.object({
  /** Left out where Buildkite refuses a query as a whole, such as for its complexity. */
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string() }))
    .nullish()
    .transform((errors) => (errors ?? []).map(({ message }) => message)),
});

const Figure = z.number().nonnegative().optional().catch(undefined);

const WaitTime = z.object({ min: Figure, p50: Figure, p95: Figure, max: Figure });

/** Null unless the organization has the beta of advanced queue metrics; figures are read one by one. */
const QueueMetrics = z.object({
  /** When the minute began that the figures are of. */
  timestamp: Text,
  connectedAgentsCount: Figure,
  runningJobsCount: Figure,
  waitingJobsCount: Figure,
  jobsPassedCount: Figure,
  jobsFailedCount: Figure,
  waitTimeSec: WaitTime.optional().catch(undefined),
});
export type QueueMetrics = z.infer<typeof QueueMetrics>;

export const Queue = z.object({
  uuid: z.string(),
  key: z.string(),
  hosted: Flag,
  dispatchPaused: Flag,
  dispatchPausedAt: Text,
  metrics: QueueMetrics.optional().catch(undefined),
});
export type Queue = z.infer<typeof Queue>;

/** Elements are read one by one, so that a bad one costs only itself. */
const Edges = z.array(z.object({ node: z.unknown() }).nullable().catch({ node: undefined }));

/** A page of a list. The schema allows null for the list, its edges and its page information. */
const Connection = z
  .object({
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }).nullish(),
    edges: Edges.nullish(),
  })
  .nullish();
export type Connection = z.infer<typeof Connection>;

export const Cluster = z.object({ id: z.string(), uuid: z.string(), name: z.string(), queues: Connection });
export type Cluster = z.infer<typeof Cluster>;

export const SnapshotData = z.object({ organization: z.object({ clusters: Connection }).nullable() });

export const MoreQueuesData = z.object({ node: z.object({ queues: Connection }).nullable() });

export const BacklogJob = z.object({
  uuid: z.string(),
  state: z.string(),
  runnableAt: Text,
  agentQueryRules: z.array(z.string()).nullish().catch(undefined),
  cluster: z.object({ name: z.string() }).nullish().catch(undefined),
  clusterQueue: z.object({ key: z.string() }).nullish().catch(undefined),
});
export type BacklogJob = z.infer<typeof BacklogJob>;

export const BacklogData = z.object({ organization: z.object({ jobs: Connection }).nullable() });
