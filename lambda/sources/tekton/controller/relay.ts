import { selects } from '../../../config/glob.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { problemOf, type StatusHints } from '../../../http/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { RelayedFamily } from '../../../model/relayed.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/pool.ts';
import type { ControllerMetrics } from '../config.ts';
import type { ClusterSend } from '../connection.ts';
import { combine, ControllerMemory, type ReplicaPage } from './combine.ts';
import { findReplicas, maxReplicas, readPage, type Replica } from './replicas.ts';

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
    return { families: [], problems: [problemFrom(error, where, settings)] };
  }
  if (replicas.length === 0) return { families: [], problems: [noReplica(where, settings)] };
  const readings = await mapConcurrently(replicas, pagesAtOnce, (replica) => readReplica(replica, options));
  const pages = readings.filter((reading) => 'page' in reading);
  const failed = readings.filter((reading) => 'problem' in reading);
  const problems = failed.map(({ problem }) => problem);
  if (pages.length === 0) return { families: [], problems };
  const ledger = await options.memory();
  const before = ledger?.recall(memoryName, ControllerMemory);
  const { families, memory } = combine(pages, {
    labels: { job: settings.service, source: options.source },
    before,
    hasMemory: ledger !== undefined,
    unread: settings.through === 'service' ? othersOf(before) : failed.map(({ id }) => id),
    maxTotals: settings.maxSeries,
  });
  ledger?.remember(memoryName, memory);
  return { families, problems };
}

/** A Service leads to any replica, so the others are still there; the latest ones, for pods come and go. */
function othersOf(before: ControllerMemory | undefined): readonly string[] {
  return Object.keys(before?.replicas ?? {}).slice(-maxReplicas);
}

async function readReplica(
  replica: Replica,
  { send, settings, where, deadline }: RelayOptions,
): Promise<ReplicaPage | { readonly id: string; readonly problem: Problem }> {
  try {
    const { page, startSeconds } = await readPage(send, replica, {
      keep: selects(settings.metrics),
      maxSeries: settings.maxSeries,
      deadline,
    });
    // Behind a Service only the start of the process tells one replica from another.
    const isTold = settings.through === 'service' && startSeconds !== undefined;
    return { id: isTold ? `since ${String(startSeconds)}` : replica.id, page, startSeconds };
  } catch (error) {
    return { id: replica.id, problem: problemFrom(error, where, settings) };
  }
}

/** @throws what is not an expected failure: a bug. */
function problemFrom(error: unknown, where: string, settings: ControllerMetrics): Problem {
  const problem = problemOf(error, where, hintsFor(settings));
  if (problem === undefined) throw error;
  return problem;
}

function hintsFor({ through, namespace }: ControllerMetrics): StatusHints {
  const right = through === 'pods' ? 'list pods and get pods/proxy' : 'get services/proxy';
  return {
    403: `the collector may not read the controller's metrics; grant ${right} in ${namespace} by the Role of the README`,
    404: `there is no such controller in ${namespace}; check controllerMetrics`,
    503: `the API server does not reach the controller; open its port to the control plane (on EKS: from the cluster's security group to the nodes)`,
  };
}

function noReplica(where: string, { namespace, podSelector }: ControllerMetrics): Problem {
  const message = `no pod in ${namespace} runs and matches ${podSelector}; the controller is down, or controllerMetrics names another place`;
  return { kind: 'unavailable', where, message };
}
