/** A repository that is followed, with what is remembered of it between ticks. */
import type { Watched } from '../../../crawl/watched.ts';

/** A repository that is selected, with what is remembered of it between ticks. */
export interface Repository extends Watched {
  readonly slug: string;
  /** Empty where Bitbucket does not tell. */
  readonly mainBranch: string;
  /** Highest build number that was seen. */
  readonly number: number;
  /** When its deployments were read last. Epoch milliseconds. */
  readonly deploymentsMs: number;
  /** The pass over the list of repositories that found it last. */
  readonly pass: number;
}
