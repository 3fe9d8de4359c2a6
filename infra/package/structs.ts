/** What the published construct hands out and takes, as structs that every language of the CDK has. */

/** One queue of one source, as its metrics name it. */
export interface QueueOfSource {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** The Buildkite cluster, for instance. */
  readonly scope: string;
  /** Name of the queue. */
  readonly queue: string;
  /**
   * Slug of the Buildkite organization, a dimension of Buildkite's own metrics.
   * @default - `organization` of the source, or a query that finds the queue in whatever organization it is
   */
  readonly organization?: string;
}

/** A secret that the configuration refers to. */
export interface CollectorSecret {
  /** Name or ARN as the configuration has it. */
  readonly id: string;
  /** What a policy names: ARNs, with six `?` where Secrets Manager's own ending is not known. */
  readonly arns: string[];
  /** Where it lies. */
  readonly region: string;
  /**
   * A customer's key of this one secret, where code gave it.
   * @default - none
   */
  readonly keyArn?: string;
  /** Members of its JSON that the configuration refers to; empty for a secret that is used as a whole. */
  readonly keys: string[];
  /** Whether the stack creates it, empty. */
  readonly isCreated: boolean;
}

/** A URL that a CI system has to post its events to. */
export interface WebhookOfSource {
  /** Name of the source in the configuration. */
  readonly source: string;
  /** Where its CI system posts events. */
  readonly url: string;
}

/** An EKS cluster that the function enters with its role, and what has to be run once for it to be let in. */
export interface EksClusterAccess {
  /** Name of the cluster. */
  readonly cluster: string;
  /** Maps the function's role to a group of the cluster. */
  readonly accessEntryCommand: string;
  /** Gives the group the rights that the sources need, and no others. */
  readonly rightsCommand: string;
}
