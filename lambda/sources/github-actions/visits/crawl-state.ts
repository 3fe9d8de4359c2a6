/** What the parts of a crawl share: what they are given, what is known, and whether another request is of use. */
import type { Ledger } from '../../../counters/ledger.ts';
import { minuteMs } from '../../../model/time.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import type { Inbox } from '../../../events/inbox.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { ApiContext } from '../api/client.ts';
import type { RepositoryRecord } from '../api/schema.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import type { RunPages } from '../runs/list-runs.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import type { Repository, RepositoryIdentity } from '../runs/repository.ts';
import type { TickProblems } from '../problems.ts';
import type { Discovery } from './discover.ts';

export interface CrawlContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly budget: TickBudget;
  readonly deadline: Deadline;
  readonly tickProblems: TickProblems;
  readonly pages: RunPages;
  readonly source: string;
  readonly organization: string;
  readonly names: QueueNames;
  readonly jobs: 'read' | 'leave';
  readonly stuckAfterMs: number;
  readonly isSelected: (record: RepositoryRecord) => boolean;
  /** By the repository's full name. */
  readonly hasDeployments: (fullName: string) => boolean;
  /** Absent where no webhook is configured or deployed. */
  readonly inbox: Inbox | undefined;
  /** Called when the repositories are known and requests are left; after the visits there may be none. */
  readonly whenFound: () => Promise<void>;
  readonly identify: (repository: Pick<Repository, 'fullName' | 'defaultBranch'>) => RepositoryIdentity;
}

/** What is known, changed while the tick goes on. */
export interface Crawl {
  readonly discovery: Discovery;
  readonly open: Map<string, readonly OpenRunState[]>;
  visits: number;
  /** When deployments were read last, by the repository's id. */
  readonly deploymentLooks: Map<string, number>;
  /** Requests that runs and jobs leave to deployments. */
  kept: number;
}

/** GitHub allows 100 requests at one time, for all that use the credential. */
export const requestsAtOnce = 8;

/** What an event has told holds for so long; then the repository is looked at like one without events. */
export const toldForMs = 15 * minuteMs;

/** Whether another request can be of use in this tick, and is not kept for something else. */
export function canGoOn({ deadline, tickProblems, budget }: CrawlContext, kept = 0): boolean {
  return !deadline.signal.aborted && !tickProblems.isHopeless() && budget.countLeft() > kept;
}
