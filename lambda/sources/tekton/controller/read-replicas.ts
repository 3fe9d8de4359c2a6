/** Finds the replicas of the controller, and reads the metrics page of each. */
import * as z from 'zod';
import { BadResponseError } from '../../../http/errors/errors.ts';
import { parseJson } from '../../../http/answers/json.ts';
import { buildAcceptHeader, detectFormat } from '../../../prometheus-text/content-type.ts';
import type { Page } from '../../../prometheus-text/page.ts';
import { parsePage } from '../../../prometheus-text/parser.ts';
import { PageSyntaxError } from '../../../prometheus-text/syntax-error.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { ControllerMetrics } from '../config.ts';
import type { ClusterSend } from '../cluster/connect.ts';

/** One process of the controller, as far as it can be told apart. */
export interface Replica {
  /** The uid of its pod; a new pod counts from 0 again. */
  readonly id: string;
  readonly path: string;
}

/** Metadata of pods is all that is needed here. */
const Pods = z.object({ items: z.array(z.unknown()).nullish() });
const Pod = z.object({
  metadata: z.object({ name: z.string().min(1), uid: z.string().min(1) }),
  status: z.object({ phase: z.literal('Running') }),
});

/** The replicas of the controller; behind its Service they look like one. @throws HttpError */
export async function findReplicas(
  send: ClusterSend,
  settings: ControllerMetrics,
  deadline: Deadline,
): Promise<readonly Replica[]> {
  const { namespace, service, port, podSelector, through } = settings;
  const core = `/api/v1/namespaces/${namespace}`;
  if (through === 'service') {
    return [{ id: 'service', path: `${core}/services/http:${service}:${String(port)}/proxy/metrics` }];
  }
  const query = { labelSelector: podSelector, limit: String(maxReplicas) };
  const answer = await send({ path: `${core}/pods`, query, accept: 'application/json', deadline });
  const { items } = parseJson(answer.where, answer, Pods);
  return (items ?? []).flatMap((raw) => {
    const pod = Pod.safeParse(raw);
    if (!pod.success) return [];
    const { name, uid } = pod.data.metadata;
    return [{ id: uid, path: `${core}/pods/http:${name}:${String(port)}/proxy/metrics` }];
  });
}

/** Tekton has at most ten buckets of work (docs/enabling-ha.md), so that no more replicas have anything to tell. */
export const maxReplicas = 20;

/** Of the Go client, on every page; a process with another one counts from 0. */
const startName = 'process_start_time_seconds';

export interface ReadPage {
  readonly page: Page;
  /** When the process began, where it says so. Unix seconds. */
  readonly startSeconds: number | undefined;
}

/** The metrics page of one replica, without what is not wanted. @throws HttpError */
export async function readPage(
  send: ClusterSend,
  { path }: Replica,
  options: { readonly keep: (family: string) => boolean; readonly maxSeries: number; readonly deadline: Deadline },
): Promise<ReadPage> {
  const { keep, maxSeries, deadline } = options;
  const answer = await send({ path, accept: buildAcceptHeader('text', 'underscores'), deadline });
  const format = detectFormat(answer.headers['content-type'] ?? 'text/plain');
  if (typeof format === 'object') throw new BadResponseError(answer.where, format.refused);
  try {
    const isWanted = (family: string): boolean => family === startName || keep(family);
    // One more for the start.
    const limits = { maxSeries: maxSeries + 1 };
    const page = parsePage(answer.body, { format, keep: (_sample, family) => isWanted(family), limits });
    const startSeconds = page.families.find(({ name }) => name === startName)?.samples[0]?.value;
    return { page: { ...page, families: page.families.filter(({ name }) => keep(name)) }, startSeconds };
  } catch (error) {
    if (error instanceof PageSyntaxError) {
      throw new BadResponseError(answer.where, `the metrics page cannot be used: ${error.message}`);
    }
    throw error;
  }
}
