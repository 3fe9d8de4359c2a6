/** Reads for which environments open runs wait to be approved, once for each time that a run begins to wait. */
import type { Ledger } from '../../../counters/ledger.ts';
import { minuteMs } from '../../../model/time.ts';
import { rememberShown } from '../../../crawl/names-shown.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { buildRepositoryPath } from '../api/addresses.ts';
import { type ApiContext, createUnaskedError, readAnswer } from '../api/client.ts';
import { listFrame, parseElements, PendingDeploymentRecord } from '../api/schema.ts';
import { approvalsWaiting } from '../own-metrics.ts';
import type { OpenRunState } from '../runs/open-run.ts';
import { isCurrent, type Repository, scopeOf } from '../runs/repository.ts';

/** One environment may be approved while the run waits for another. */
const freshForMs = 30 * minuteMs;

/** Runs whose environments are not known, or were read a while ago. */
export function selectUnreadApprovals(open: readonly OpenRunState[], nowMs: number): readonly OpenRunState[] {
  return open.filter(
    ({ phase, approvalsMs }) => phase === 'blocked' && (approvalsMs === undefined || nowMs - approvalsMs >= freshForMs),
  );
}

export interface ApprovalsContext {
  readonly api: ApiContext;
  readonly nowMs: number;
  readonly countUnreadable: (count: number) => void;
}

/** @returns the run with the environments that it waits for; none where it waits for another approval. @throws HttpError */
export async function readApprovals(
  run: OpenRunState,
  fullName: string,
  { api, nowMs, countUnreadable }: ApprovalsContext,
): Promise<OpenRunState> {
  const path = `${buildRepositoryPath(fullName)}/actions/runs/${encodeURIComponent(run.id)}/pending_deployments`;
  const answer = await readAnswer(api, { path }, listFrame);
  if (answer === 'unchanged') throw createUnaskedError(api, path);
  const { items, unreadable: count } = parseElements(answer.value, PendingDeploymentRecord);
  countUnreadable(count);
  const environments = items.map(({ environment }) => makeLabelValue(environment.name ?? '') ?? 'unknown');
  return { ...run, environments: [...new Set(environments)], approvalsMs: nowMs };
}

/** What was waited for is shown as 0 for a while, so that alarms resolve. */
const shownForMs = 15 * minuteMs;

/** How many runs wait for each environment. */
export function mapApprovals(
  open: readonly OpenRunState[],
  repositories: ReadonlyMap<string, Repository>,
  { ledger, source }: { readonly ledger: Ledger; readonly source: string },
): MetricFamily {
  const waits = open
    .filter(({ phase }) => phase === 'blocked')
    .flatMap(({ repository, environments = [] }) => environments.map((name) => [repository, name] as const));
  return buildGauge(
    approvalsWaiting,
    rememberShown(ledger, 'approvals shown', waits, shownForMs).flatMap(([id, name]) => {
      const repository = repositories.get(id);
      // Of one that was not looked at for long nobody knows what has been approved since.
      if (repository === undefined || !isCurrent(repository, ledger.tickMs)) return [];
      const labels = { system: 'github', source, scope: scopeOf(repository), deploy_environment: name };
      return [{ labels, value: waits.filter(([of, waited]) => of === id && waited === name).length }];
    }),
  );
}
