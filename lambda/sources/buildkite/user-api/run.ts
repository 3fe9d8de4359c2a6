/** What everything needs that reads with the API token in one run. */
import type { Ledger } from '../../../counters/ledger.ts';
import type { Inbox } from '../../../events/inbox.ts';
import type { Problem } from '../../../model/problem.ts';
import type { ApiSettings, BuildkiteConfig } from '../config.ts';
import type { ProblemFrom } from './problems.ts';
import type { UserApi } from './client.ts';

/** The context of one run: configuration, client, ledger and the problems so far. */
export interface UserRun {
  readonly config: BuildkiteConfig;
  readonly settings: ApiSettings;
  readonly api: UserApi;
  readonly organization: string;
  readonly ledger: Ledger | undefined;
  readonly inbox: Inbox | undefined;
  readonly signal: AbortSignal;
  readonly nowMs: number;
  readonly problemFrom: ProblemFrom;
  readonly graphqlProblemFrom: ProblemFrom;
  /** Problems so far. */
  readonly problems: Problem[];
}
