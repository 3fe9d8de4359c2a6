/** Reads the self-hosted runners of an organization, or of an enterprise. */
import { type ApiContext, listPages } from '../api/client.ts';
import { parseElements, RunnerRecord, runnersFrame } from '../api/schema.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import { groupRunners, type RunnerGroup } from './group-runners.ts';

/** 10,000 runners, the most that an organization can have (GitHub docs, "Actions limits"). */
const maxPages = 100;

/** An organization, or the enterprise that it belongs to; the one list does not show the runners of the other. */
export type RunnerOwner =
  { readonly is: 'organization'; readonly name: string } | { readonly is: 'enterprise'; readonly name: string };

export interface RunnersContext {
  readonly api: ApiContext;
  /** Whose runners. */
  readonly owner: RunnerOwner;
  readonly names: QueueNames;
  readonly countUnreadable: (count: number) => void;
  readonly report: (kind: 'rate-limited', message: string) => void;
}

/** @throws HttpError, BudgetSpentError */
export async function readRunners(context: RunnersContext): Promise<RunnerGroup[]> {
  const { owner } = context;
  const path = `/${owner.is === 'enterprise' ? 'enterprises' : 'orgs'}/${encodeURIComponent(owner.name)}/actions/runners`;
  const { rows, isCut } = await listPages(context.api, { path, frame: runnersFrame, mostPages: maxPages });
  const { items, unreadable: count } = parseElements(rows, RunnerRecord);
  context.countUnreadable(count);
  if (isCut)
    context.report(
      'rate-limited',
      `read ${String(rows.length)} runners of the ${owner.is} ${owner.name}; it has more, which are left out`,
    );
  // By id: pages move while they are read, since an ephemeral runner is gone after its job.
  return groupRunners([...new Map(items.map((runner) => [runner.id, runner])).values()], context.names);
}
