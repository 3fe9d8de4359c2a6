/** Passes on what Tekton's controller says of itself. */
import { matchSelection } from '../../../settings/glob.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { describeHttpProblem, type StatusHints } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { RelayedFamily } from '../../../model/relayed.ts';
import type { Page } from '../../../prometheus-text/page.ts';
import { formatLosses } from '../../../prometheus-text/remarks.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import type { ControllerMetrics } from '../config.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import { explainRefusal, noteAllowed } from '../cluster/refusals.ts';
import { explainBadSelector } from '../cluster/server-reason.ts';
import { combine, type CombineOptions, type ReplicaPage } from './combine-pages.ts';
import { ControllerMemory } from './remembered.ts';
import { findReplicas, maxReplicas, readPage, type Replica } from './read-replicas.ts';

export interface RelayOptions {
  readonly send: ClusterSend;
  readonly settings: ControllerMetrics;
  /** The operator's name of the source. */
  readonly source: string;
  readonly where: string;
  readonly deadline: Deadline;
  readonly memory: () => Promise<Ledger | undefined>;
}

export interface Relayed {
  readonly families: readonly RelayedFamily[];
  readonly problems: readonly Problem[];
  /** False where no replica could be read: what is known of it is then up to `lastKnown`. */
  readonly isRead: boolean;
}

const pagesAtOnce = 4;
const memoryName = 'controller';

/** The controller's own metrics, of all its replicas together. A replica that fails costs only its share. */
export async function relayController(options: RelayOptions): Promise<Relayed> {
  const { send, settings, where, deadline } = options;
  let replicas: readonly Replica[];
  try {
    replicas = await findReplicas(send, settings, deadline);
  } catch (error) {
    return relayNothing([await describeRelayProblem(error, options)]);
  }
  if (replicas.length === 0) return relayNothing([describeNoReplica(where, settings)]);
  const readings = await mapConcurrently(replicas, pagesAtOnce, (replica) => readReplica(replica, options));
  const pages = readings.filter((reading) => 'page' in reading);
  const failed = readings.filter((reading) => 'problem' in reading);
  const problems = [
    ...failed.map(({ problem }) => problem),
    ...pages.flatMap(({ page }) => describeLosses(page, where)),
  ];
  if (pages.length === 0) return relayNothing(problems);
  const ledger = await options.memory();
  const before = ledger?.recall(memoryName, ControllerMemory);
  const { families, memory, forgotten } = combine(pages, {
    ...buildSeriesOptions(options),
    before,
    hasMemory: ledger !== undefined,
    unread: settings.through === 'service' ? recallOthers(before) : failed.map(({ id }) => id),
  });
  ledger?.remember(memoryName, memory);
  if (ledger !== undefined && failed.length === 0) noteAllowed(ledger, ['read the controller']);
  const allProblems = forgotten === 0 ? problems : [...problems, describeForgotten(forgotten, where, settings)];
  return { families, problems: allProblems, isRead: true };
}

function relayNothing(problems: readonly Problem[]): Relayed {
  return { families: [], problems, isRead: false };
}

/** The totals of counters while no replica can be read; gauges are not known then. */
export function recallFamilies(options: SeriesOptions, ledger: Ledger): readonly RelayedFamily[] {
  const before = ledger.recall(memoryName, ControllerMemory);
  return combine([], { ...buildSeriesOptions(options), before, hasMemory: true, unread: [] }).families;
}

type SeriesOptions = Pick<RelayOptions, 'settings' | 'source'>;

function buildSeriesOptions({
  settings,
  source,
}: SeriesOptions): Pick<CombineOptions, 'labels' | 'maxTotals' | 'keep'> {
  return {
    labels: { job: settings.service, source },
    maxTotals: settings.maxSeries,
    keep: matchSelection(settings.metrics),
  };
}

function describeForgotten(forgotten: number, where: string, { maxSeries }: ControllerMetrics): Problem {
  return {
    kind: 'configuration',
    where,
    message: `${String(forgotten)} totals of the controller that no replica shows any more were given up, for ${String(maxSeries)} are kept; raise controllerMetrics.maxSeries`,
  };
}

function describeLosses({ remarks }: Page, where: string): readonly Problem[] {
  const message = formatLosses(remarks);
  return message === undefined ? [] : [{ kind: 'bad-response', where, message }];
}

/** A Service leads to any replica, so the others are still there; the latest ones, for pods come and go. */
function recallOthers(before: ControllerMemory | undefined): readonly string[] {
  return Object.keys(before?.replicas ?? {}).slice(-maxReplicas);
}

async function readReplica(
  replica: Replica,
  options: RelayOptions,
): Promise<ReplicaPage | { readonly id: string; readonly problem: Problem }> {
  const { send, settings, deadline } = options;
  try {
    const { page, startSeconds } = await readPage(send, replica, {
      keep: matchSelection(settings.metrics),
      maxSeries: settings.maxSeries,
      deadline,
    });
    // Behind a Service only the start of the process tells one replica from another.
    const isTold = settings.through === 'service' && startSeconds !== undefined;
    return { id: isTold ? `since ${String(startSeconds)}` : replica.id, page, startSeconds };
  } catch (error) {
    return { id: replica.id, problem: await describeRelayProblem(error, options) };
  }
}

/** @throws what is not an expected failure: a bug. */
async function describeRelayProblem(error: unknown, { where, settings, memory }: RelayOptions): Promise<Problem> {
  const problem = describeHttpProblem(error, where, describeRemedies(settings, error));
  if (problem === undefined) throw error;
  if (!(error instanceof HttpStatusError) || error.status !== 403) return problem;
  return explainRefusal(error, problem, 'read the controller', await memory());
}

function describeRemedies({ through, namespace }: ControllerMetrics, error: unknown): StatusHints {
  const right = through === 'pods' ? 'list pods and get pods/proxy' : 'get services/proxy';
  return {
    ...(through === 'pods' ? { 400: explainBadSelector(error, 'controllerMetrics.podSelector') } : {}),
    403: `the collector may not read the controller's metrics; grant ${right} in ${namespace} by the Role of the README`,
    404: `there is no such controller in ${namespace}; check controllerMetrics`,
    503: `the API server does not reach the controller; open its port to the control plane (on EKS: from the cluster's security group to the nodes)`,
  };
}

function describeNoReplica(where: string, { namespace, podSelector }: ControllerMetrics): Problem {
  const message = `no pod in ${namespace} runs and matches ${podSelector}; the controller is down, or controllerMetrics names another place`;
  return { kind: 'unavailable', where, message };
}
