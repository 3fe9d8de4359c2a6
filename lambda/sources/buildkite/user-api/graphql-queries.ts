/** The queries that are sent to GraphQL, or stored in a portal. */

/** Clusters of a page and queues of a cluster; together they ask for 15,000 points of the 50,000 that a query may. */
export const clustersPerPage = 50;
export const queuesPerPage = 100;

/** A page costs about three points a job that is there. */
export const jobsPerPage = 100;

const queueFields = `pageInfo { hasNextPage endCursor } edges { node {
  uuid key hosted dispatchPaused dispatchPausedAt
  metrics { timestamp connectedAgentsCount runningJobsCount waitingJobsCount jobsPassedCount jobsFailedCount
   waitTimeSec { min p50 p95 max } } } }`;

export const queueSnapshotQuery = `query QueueSnapshot($org: ID!, $c: Int!, $q: Int!, $after: String) {
 organization(slug: $org) {
  clusters(first: $c, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id uuid name
   queues(first: $q) { ${queueFields} } } } } } }`;

export const moreQueuesQuery = `query MoreQueues($cluster: ID!, $q: Int!, $after: String) {
 node(id: $cluster) { ... on Cluster {
  queues(first: $q, after: $after) { ${queueFields} } } } }`;

export const backlogQuery = `query Backlog($org: ID!, $n: Int!, $after: String, $clustered: Boolean!) {
 organization(slug: $org) {
  jobs(first: $n, after: $after, clustered: $clustered, type: [COMMAND],
   state: [SCHEDULED, RESERVED, LIMITED, LIMITING, PLATFORM_LIMITED, PLATFORM_LIMITING]) {
   pageInfo { hasNextPage endCursor } edges { node { ... on JobTypeCommand {
    uuid state runnableAt agentQueryRules cluster { name } clusterQueue { key } } } } } } }`;
