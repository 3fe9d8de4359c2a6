/** The name of the queue that a job waits in, or that a runner serves, by its labels. */
import { compareText } from '../../../model/families/order.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { matchAny } from '../../../settings/glob.ts';
import type { JobRecord } from '../api/schema.ts';
import type { Hosting } from '../own-metrics.ts';

/** Where nothing tells what a job runs on: of a run whose jobs were not read. */
export const unspecifiedQueue = 'unspecified';

/** A job that asks for a group of runners, or is skipped, has no labels; its group is told once it runs. */
const unlabelledQueue = '(no labels)';

const selfHosted = 'self-hosted';

/** Names queues by labels; order, case and repetitions of labels make no other queue. */
export interface QueueNames {
  /** Of a job that may have a runner already. */
  nameQueue(job: Pick<JobRecord, 'labels' | 'runner_group_name' | 'status'>): string;
  /** Of a runner: all that it can serve. */
  nameRunners(labels: readonly string[]): string;
}

/** @param ignored Patterns of labels that are no part of a name, such as the id of a run. */
export function createQueueNames(ignored: readonly string[]): QueueNames {
  const isIgnored = matchAny(ignored.map((pattern) => pattern.toLowerCase()));
  const join = (labels: readonly string[]): string | undefined => {
    const all = normalizeLabels(labels).filter((label) => !isIgnored(label));
    const own = all.filter((label) => label !== selfHosted);
    return makeLabelValue((own.length > 0 ? own : all).join('+'));
  };
  return {
    nameQueue: ({ labels, runner_group_name: group, status }) => {
      const named = join(labels);
      if (named !== undefined) return named;
      // A queued job may tell the group of a runner that it had before.
      const isAssigned = status === 'in_progress' || status === 'completed';
      const name = isAssigned ? makeLabelValue(group ?? '') : undefined;
      return name === undefined ? unlabelledQueue : (makeLabelValue(`group:${name}`) ?? unlabelledQueue);
    },
    nameRunners: (labels) => join(labels) ?? unlabelledQueue,
  };
}

/** Lower case, each once, in the order of the alphabet. */
export function normalizeLabels(labels: readonly string[]): readonly string[] {
  return [...new Set(labels.map((label) => label.trim().toLowerCase()))]
    .filter((label) => label !== '')
    .sort(compareText);
}

/** The group to which GitHub's own runners belong, as jobs on them name it. */
const hostedGroup = 'github actions';

/** GitHub docs, "About GitHub-hosted runners": `ubuntu-latest`, `windows-2025`, `macos-15-xlarge`, `ubuntu-24.04-arm`. */
const hostedLabel = /^(ubuntu|windows|macos)-(latest|slim|\d[\d.]*)(-[a-z0-9-]+)?$/;

/** Whose runner a job asks for, as far as that is certain. */
export function determineHosting({
  labels,
  runner_group_name: group,
}: Pick<JobRecord, 'labels' | 'runner_group_name'>): Hosting {
  const normalized = normalizeLabels(labels);
  if (normalized.includes(selfHosted)) return 'self_hosted';
  if ((group ?? '').toLowerCase() === hostedGroup || normalized.some((label) => hostedLabel.test(label)))
    return 'hosted';
  return 'unknown';
}

/** Whether a runner with these labels takes the jobs of a queue: it has to have all of their labels. */
export function canServe(labels: ReadonlySet<string>, queue: string): boolean {
  return queue.split('+').every((label) => labels.has(label));
}

/** Whether a queue is one of labels, for which it can be known who serves it. */
export function isOfLabels(queue: string): boolean {
  return queue !== unspecifiedQueue && queue !== unlabelledQueue && !queue.startsWith('group:');
}
