import * as z from 'zod';

/** A stranger's text may be long; its beginning says what it is about. */
const maxErrorLength = 300;

/** Every answer of the GraphQL API; errors come with status 200. */
export const GraphqlAnswer = z.object({
  /** Left out where Buildkite refuses a query as a whole, such as for its complexity. */
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string().transform((text) => text.slice(0, maxErrorLength)) }))
    .nullish()
    .transform((errors) => (errors ?? []).map(({ message }) => message)),
});

const PageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

const Seconds = z.number().nonnegative();

/** Null unless the organization has the beta of advanced queue metrics. */
const QueueMetrics = z.object({
  runningJobsCount: z.number().nonnegative(),
  waitTimeSec: z.object({ min: Seconds, p50: Seconds, p95: Seconds, max: Seconds }),
});
export type QueueMetrics = z.infer<typeof QueueMetrics>;

export const Queue = z.object({
  uuid: z.string(),
  key: z.string(),
  dispatchPaused: z.boolean().nullish().catch(undefined),
  metrics: QueueMetrics.nullish().catch(undefined),
});
export type Queue = z.infer<typeof Queue>;

/** Elements are read one by one, so that a bad one costs only itself. */
const Edges = z.array(z.object({ node: z.unknown() }).nullable().catch(null));

export const QueueConnection = z.object({ pageInfo: PageInfo, edges: Edges });
export type QueueConnection = z.infer<typeof QueueConnection>;

export const Cluster = z.object({ id: z.string(), uuid: z.string(), name: z.string(), queues: QueueConnection });
export type Cluster = z.infer<typeof Cluster>;

export const SnapshotData = z.object({
  organization: z.object({ clusters: z.object({ pageInfo: PageInfo, edges: Edges }) }).nullable(),
});

export const MoreQueuesData = z.object({ node: z.object({ queues: QueueConnection }).nullable() });

export const BacklogJob = z.object({
  uuid: z.string(),
  state: z.string(),
  runnableAt: z.string().nullish(),
  agentQueryRules: z.array(z.string()).nullish(),
  cluster: z.object({ name: z.string() }).nullish(),
  clusterQueue: z.object({ key: z.string() }).nullish(),
});
export type BacklogJob = z.infer<typeof BacklogJob>;

export const BacklogData = z.object({
  organization: z
    .object({ jobs: z.object({ count: z.number().nonnegative(), pageInfo: PageInfo, edges: Edges }) })
    .nullable(),
});

export type Edges = z.infer<typeof Edges>;

/** The readable nodes of a page, and how many were not. */
export function nodesOf<Schema extends z.ZodType>(
  edges: Edges,
  schema: Schema,
): { readonly nodes: readonly z.output<Schema>[]; readonly unreadable: number } {
  const parsed = edges.map((edge) => schema.safeParse(edge?.node));
  const nodes = parsed.flatMap((result) => (result.success ? [result.data] : []));
  return { nodes, unreadable: edges.length - nodes.length };
}
