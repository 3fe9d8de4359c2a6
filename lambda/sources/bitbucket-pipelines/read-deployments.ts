import * as z from 'zod';
import type { Ledger } from '../../counters/ledger.ts';
import { HttpStatusError } from '../../http/errors.ts';
import { type ApiContext, ask, askPages, fieldsOf, repositoryPath } from './api.ts';
import { deploymentFinish } from './deployments.ts';
import type { Repository } from './memory.ts';
import type { Place } from './place.ts';
import { minuteMs } from './rhythm.ts';
import { DeploymentRecord, elementsOf, EnvironmentRecord, Page } from './schema.ts';
import { deploymentsOf } from './streams.ts';

export interface DeploymentsContext {
  readonly api: ApiContext;
  readonly ledger: Ledger;
  readonly unreadable: (count: number) => void;
}

const members = [
  'uuid',
  'environment.uuid',
  'environment.name',
  'state.name',
  'state.type',
  'state.status.name',
  'state.started_on',
  'state.completed_on',
  'state.start_date',
  'state.completion_date',
] as const;

const pageLength = 50;
const maxPages = 10;

/** A redeployment runs no pipeline that would be noticed; it is found this late. */
const longestIntervalMs = 60 * minuteMs;
const shortestIntervalMs = 2 * minuteMs;

/** Of a tick: one or two requests each. */
const mostPerTick = 5;

/** The repositories whose deployments are to be read in a tick, those first that are latest for their own rhythm. */
export function deploymentsDue(repositories: readonly Repository[], tickMs: number): readonly Repository[] {
  return repositories
    .filter((repository) => repository.pipelines === 'some')
    .map((repository) => ({ repository, lateness: latenessOf(repository, tickMs) }))
    .filter(({ lateness }) => lateness >= 1)
    .sort((a, b) => b.lateness - a.lateness)
    .slice(0, mostPerTick)
    .map(({ repository }) => repository);
}

/** Deployments are a matter of runs: soon after one has moved, and else now and then. */
function latenessOf({ deploymentsMs, ranMs, open }: Repository, tickMs: number): number {
  const ageMs = tickMs - deploymentsMs;
  const hasMoved = ranMs > deploymentsMs || open.moving > 0;
  return ageMs / (hasMoved ? shortestIntervalMs : longestIntervalMs);
}

/** Deployments by their end, latest first, back to where the last look was complete. @throws HttpError, BudgetSpentError */
export async function readDeployments(
  repository: Repository,
  place: Place,
  context: DeploymentsContext,
): Promise<void> {
  const { ledger, unreadable } = context;
  const stream = deploymentsOf(repository.id);
  const { fromMs } = ledger.window(stream);
  const environments = await environmentNames(repository, place, context);
  for (let page = 1; page <= maxPages; page += 1) {
    const { values, next } = await onePage(repository, place, context, page);
    const { items, unreadable: count } = elementsOf(values, DeploymentRecord);
    unreadable(count);
    const finishes = items.flatMap((record) => deploymentFinish(record, place, environments) ?? []);
    for (const finish of finishes) ledger.sawFinished(stream, finish.key, finish);
    const isOld = finishes.some(({ finishedMs }) => finishedMs < fromMs);
    if (isOld || typeof next !== 'string' || items.length === 0) {
      ledger.readCompletely(stream);
      return;
    }
  }
  ledger.readPartly(stream);
}

async function onePage(
  { id }: Repository,
  { workspace }: Place,
  { api }: DeploymentsContext,
  page: number,
): Promise<z.infer<typeof Page>> {
  const path = `${repositoryPath(workspace, id)}/deployments`;
  const parameters = {
    sort: '-state.completed_on',
    pagelen: String(pageLength),
    page: String(page),
    fields: fieldsOf(members),
  };
  const answer = await ask(api, { path, parameters }, Page);
  return answer === 'unchanged' ? { values: [], next: undefined } : answer.value;
}

const Environments = z.object({ readMs: z.number(), names: z.array(z.tuple([z.string(), z.string()])) });

/** Environments are made and renamed by hand. */
const environmentsForMs = 24 * 60 * minuteMs;

/** Deployments name their environment by its uuid, and only some by its name. */
async function environmentNames(
  { id }: Repository,
  { workspace }: Place,
  { api, ledger, unreadable }: DeploymentsContext,
): Promise<ReadonlyMap<string, string>> {
  const name = `environments ${id}`;
  const known = ledger.recall(name, Environments);
  if (known !== undefined && ledger.tickMs - known.readMs < environmentsForMs) return new Map(known.names);
  const names: [string, string][] = [];
  try {
    const path = `${repositoryPath(workspace, id)}/environments`;
    for await (const values of askPages(api, { path, parameters: { pagelen: '100' } })) {
      const { items, unreadable: count } = elementsOf(values, EnvironmentRecord);
      unreadable(count);
      for (const { uuid, name: named } of items) names.push([uuid, named]);
    }
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status !== 404) throw error;
  }
  ledger.remember(name, { readMs: ledger.tickMs, names });
  return new Map(names);
}
