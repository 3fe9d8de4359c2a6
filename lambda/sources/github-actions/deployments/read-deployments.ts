/** Reads the deployments of chosen repositories, and counts those that have ended. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { minuteMs } from '../../../model/time.ts';
import { buildRepositoryPath } from '../api/addresses.ts';
import { type ApiContext, createUnaskedError, readAnswer } from '../api/client.ts';
import { DeploymentRecord, DeploymentStatusRecord, listFrame, parseElements } from '../api/schema.ts';
import type { Repository, RepositoryIdentity } from '../runs/repository.ts';
import { buildDeploymentStream } from '../runs/streams.ts';
import { declareDeployments, finishDeployment } from './finish-deployment.ts';

export interface DeploymentsContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly identity: RepositoryIdentity;
  readonly countUnreadable: (count: number) => void;
  /** What the list is not, and what comes of it. */
  readonly report: (kind: 'rate-limited', message: string) => void;
}

/** Most repositories begin fewer than these between two looks; the list has no filter by time. */
const pageLength = 30;

/** GitHub tells the newest status first; before `inactive`, which a later deployment makes of it, stands how it ended. */
const statusesRead = 10;

/** Of a look: a request each; the others take their turn. */
const mostStatuses = 10;

/** A deployment that nothing has started is found this late; after a run they are a matter of minutes. */
const longestIntervalMs = 60 * minuteMs;
const shortestIntervalMs = 2 * minuteMs;

/** Of a tick: two requests each and more. */
const mostPerTick = 5;

const Looks = defineMapping(z.number());
const name = 'deployment looks';

/** When the deployments of each repository were read last, by its id. Epoch milliseconds. */
export function recallDeploymentLooks(ledger: Ledger): Readonly<Record<string, number>> {
  return ledger.recall(name, Looks) ?? {};
}

/** Of the repositories that are followed only. */
export function rememberDeploymentLooks(
  ledger: Ledger,
  looks: ReadonlyMap<string, number>,
  repositories: ReadonlyMap<string, Repository>,
): void {
  const kept = [...looks].filter(([id]) => repositories.has(id));
  if (kept.length > 0 || ledger.recall(name, Looks) !== undefined) ledger.remember(name, Object.fromEntries(kept));
}

/** The repositories whose deployments are to be read in a tick, those first that are latest for their own rhythm. */
export function selectDueDeployments(
  repositories: readonly Repository[],
  looks: ReadonlyMap<string, number>,
  tickMs: number,
): readonly Repository[] {
  return repositories
    .filter(({ pipelines }) => pipelines === 'some')
    .map((repository) => ({ repository, lateness: computeLateness(repository, looks.get(repository.id) ?? 0, tickMs) }))
    .filter(({ lateness }) => lateness >= 1)
    .sort((a, b) => b.lateness - a.lateness)
    .slice(0, mostPerTick)
    .map(({ repository }) => repository);
}

function computeLateness({ ranMs, toldMs, open }: Repository, lookedMs: number, tickMs: number): number {
  const hasMoved = Math.max(ranMs, toldMs) > lookedMs || open.moving > 0;
  return (tickMs - lookedMs) / (hasMoved ? shortestIntervalMs : longestIntervalMs);
}

/** The newest deployments, and the states of those that have not ended. @throws HttpError, BudgetSpentError */
export async function readDeployments(repository: Repository, context: DeploymentsContext): Promise<void> {
  const { ledger, identity, report } = context;
  const stream = buildDeploymentStream(repository.id);
  const { fromMs } = ledger.openWindow(stream);
  const records = await listNewest(context);
  for (const { id, environment } of records.filter(({ created_at: createdMs }) => createdMs >= fromMs)) {
    declareDeployments(ledger, environment, identity);
    if (!ledger.isCounted(stream, id)) ledger.noteOpen(stream, id, environment);
  }
  const oldest = records.at(-1);
  // As long as the whole page is new, what stood below it was not seen.
  const isCut = records.length >= pageLength && oldest !== undefined && oldest.created_at >= fromMs;
  await readStatuses(stream, context);
  if (isCut) ledger.notePartial(stream);
  else ledger.noteComplete(stream);
  if (isCut)
    report(
      'rate-limited',
      `read the newest ${String(records.length)} deployments of ${identity.fullName}, all of which are new; those before them are not counted`,
    );
}

async function listNewest({
  api,
  identity,
  countUnreadable,
}: DeploymentsContext): Promise<readonly DeploymentRecord[]> {
  const path = `${buildRepositoryPath(identity.fullName)}/deployments`;
  const answer = await readAnswer(api, { path, parameters: { per_page: String(pageLength) } }, listFrame);
  if (answer === 'unchanged') throw createUnaskedError(api, path);
  const { items, unreadable: count } = parseElements(answer.value, DeploymentRecord);
  countUnreadable(count);
  return items;
}

async function readStatuses(stream: Stream, context: DeploymentsContext): Promise<void> {
  const { ledger } = context;
  for (const { id, note: environment } of ledger.recallOpen(stream).slice(0, mostStatuses)) {
    try {
      const finish = finishDeployment({ id, environment }, await listStatuses(id, context), context.identity);
      if (finish === undefined) ledger.noteOpen(stream, id, environment);
      else {
        ledger.countFinish(stream, id, finish);
        // It may have been noted in this look, and would be asked for once more.
        ledger.forget(stream, id);
      }
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
      ledger.noteMissing(stream, id);
    }
  }
}

async function listStatuses(
  id: string,
  { api, identity, countUnreadable }: DeploymentsContext,
): Promise<readonly DeploymentStatusRecord[]> {
  const path = `${buildRepositoryPath(identity.fullName)}/deployments/${encodeURIComponent(id)}/statuses`;
  const answer = await readAnswer(api, { path, parameters: { per_page: String(statusesRead) } }, listFrame);
  if (answer === 'unchanged') throw createUnaskedError(api, path);
  const { items, unreadable: count } = parseElements(answer.value, DeploymentStatusRecord);
  countUnreadable(count);
  return items;
}
