/** Reads the jobs of one attempt of a run. */
import { buildRepositoryPath } from '../api/addresses.ts';
import { type ApiContext, listPages } from '../api/client.ts';
import { JobRecord, jobsFrame, parseElements } from '../api/schema.ts';

/** A matrix has at most 256 jobs (GitHub docs, "Actions limits"), and a run several of them: 1,000 jobs. */
const maxPages = 10;

export interface JobsContext {
  readonly api: ApiContext;
  readonly countUnreadable: (count: number) => void;
  /** What a list is not, and what comes of it. */
  readonly report: (kind: 'rate-limited', message: string) => void;
}

/** @throws HttpError, BudgetSpentError */
export async function readJobs(
  fullName: string,
  { id, attempt }: { readonly id: string; readonly attempt: number },
  { api, countUnreadable, report }: JobsContext,
): Promise<readonly JobRecord[]> {
  const path = `${buildRepositoryPath(fullName)}/actions/runs/${encodeURIComponent(id)}/attempts/${String(attempt)}/jobs`;
  const { rows, isCut } = await listPages(api, { path, frame: jobsFrame, mostPages: maxPages });
  const { items, unreadable: count } = parseElements(rows, JobRecord);
  countUnreadable(count);
  if (isCut)
    report(
      'rate-limited',
      `read the first ${String(rows.length)} jobs of a run of ${fullName}; it has more, which are not counted`,
    );
  return items;
}
