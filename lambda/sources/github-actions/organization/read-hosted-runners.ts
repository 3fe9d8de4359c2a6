/** Reads the larger runners that GitHub runs for the organization: how many jobs each takes at once. */
import * as z from 'zod';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { type ApiContext, listPages } from '../api/client.ts';
import { HostedRunnerRecord, parseElements, runnersFrame } from '../api/schema.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import { hostedRunnerLimit } from '../own-metrics.ts';

/** 1,000 larger runners: each is a kind of machine and not a machine, and most organizations have a handful. */
const maxPages = 10;

const HostedRunner = z.object({
  /** As jobs that run on it name it: a larger runner has its name as its only label. */
  queue: z.string(),
  /** Jobs at once. */
  limit: z.number(),
});
export type HostedRunner = z.infer<typeof HostedRunner>;
export const HostedRunners = z.array(HostedRunner);

export interface HostedRunnersContext {
  readonly api: ApiContext;
  readonly organization: string;
  readonly names: QueueNames;
  readonly countUnreadable: (count: number) => void;
  readonly report: (kind: 'rate-limited', message: string) => void;
}

/** @throws HttpError, BudgetSpentError */
export async function readHostedRunners(context: HostedRunnersContext): Promise<HostedRunner[]> {
  const { api, organization, names, countUnreadable, report } = context;
  const path = `/orgs/${encodeURIComponent(organization)}/actions/hosted-runners`;
  const { rows, isCut } = await listPages(api, { path, frame: runnersFrame, mostPages: maxPages });
  const { items, unreadable: count } = parseElements(rows, HostedRunnerRecord);
  countUnreadable(count);
  if (isCut)
    report('rate-limited', `read ${String(rows.length)} larger runners of GitHub; there are more, which are left out`);
  // By id: what is added while pages are read moves the others.
  const distinct = [...new Map(items.map((runner) => [runner.id, runner])).values()];
  const byQueue = Map.groupBy(distinct, ({ name }) => names.nameRunners([name]));
  return [...byQueue].map(([queue, members]) => ({
    queue,
    limit: members.filter(takesJobs).reduce((sum, { maximum_runners }) => sum + maximum_runners, 0),
  }));
}

/** One that is shut down, deleted or stuck takes none; `Provisioning` says that machines are being made. */
function takesJobs({ status }: HostedRunnerRecord): boolean {
  return ['ready', 'provisioning'].includes((status ?? '').toLowerCase());
}

export function mapHostedRunners(
  runners: readonly HostedRunner[],
  { source, organization }: { readonly source: string; readonly organization: string },
): MetricFamily {
  return buildGauge(
    hostedRunnerLimit,
    runners.map(({ queue, limit }) => ({
      labels: { system: 'github', source, scope: organization, queue },
      value: limit,
    })),
  );
}
