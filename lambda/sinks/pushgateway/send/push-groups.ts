/** Pushes all groups, and leaves out the metrics for which the gateway refuses one. */
import { describeOmissions } from '../../../exposition/omission.ts';
import { preparePrometheusPage } from '../../../exposition/write-prometheus-text.ts';
import type { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Problem } from '../../../model/problem.ts';
import { formatList } from '../../../model/text/wording.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { isUntried } from '../../../series/delivery/fate.ts';
import type { Gateway } from './gateway.ts';
import type { GroupingKey } from '../encode/grouping-path.ts';
import type { Group } from '../encode/encode-groups.ts';
import { maxSecondAttempts, pushesAtOnce } from '../limits.ts';
import { parseBlamedMetrics, isRefusal, describeRequestProblem, explainRefusal } from './explain-refusal.ts';

/** What became of one group. */
interface Pushed {
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
  /** The gateway could not be asked, so asking it for the next group would only take time. */
  readonly isUnreachable: boolean;
}

const unsent: Pushed = { accepted: 0, requests: 0, bytes: 0, problems: [], isUnreachable: true };

/**
 * Pushes all groups. The first one goes ahead alone: it finds out at the price of one request that a token is refused
 * or the gateway is down, and after such a failure no other push is begun.
 */
export async function pushGroups(
  [first, ...rest]: readonly Group[],
  gateway: Gateway,
  where: string,
  deadline: Deadline,
): Promise<Pushed> {
  let isStopped = false;
  const pushUnlessStopped = async (group: Group): Promise<Pushed> => {
    if (isStopped) return unsent;
    const pushed = await pushGroup(group, gateway, where, deadline);
    isStopped ||= pushed.isUnreachable;
    return pushed;
  };
  const ahead = first === undefined ? [] : [await pushUnlessStopped(first)];
  const results = [...ahead, ...(await mapConcurrently(rest, pushesAtOnce, pushUnlessStopped))];
  const waiting = results.filter((result) => result === unsent).length;
  return {
    accepted: sum(results, ({ accepted }) => accepted),
    requests: sum(results, ({ requests }) => requests),
    bytes: sum(results, ({ bytes }) => bytes),
    problems: addUnsent(
      results.flatMap(({ problems }) => problems),
      waiting,
    ),
    isUnreachable: isStopped,
  };
}

function addUnsent(problems: readonly Problem[], waiting: number): readonly Problem[] {
  const [last] = problems.toReversed();
  if (waiting === 0 || last === undefined) return problems;
  const groups = waiting === 1 ? '1 other group was' : `${String(waiting)} other groups were`;
  return [...problems.slice(0, -1), { ...last, message: `${last.message}; ${groups} not pushed after that` }];
}

/** A metric that the gateway refuses by name is left out, so that it does not cost the group its other metrics. */
async function pushGroup(group: Group, gateway: Gateway, where: string, deadline: Deadline): Promise<Pushed> {
  let { families, relayed } = group;
  const problems: Problem[] = [];
  let bytes = 0;
  for (let requests = 1; ; requests += 1) {
    const { chunks, samples, omissions } = preparePrometheusPage(families, relayed);
    try {
      bytes += await gateway.put(group.key, chunks(), deadline);
      return {
        accepted: samples,
        requests,
        bytes,
        problems: [...describeOmissions(omissions, where), ...problems],
        isUnreachable: false,
      };
    } catch (error) {
      const blamed =
        requests > maxSecondAttempts
          ? undefined
          : findBlamed(
              [...families.map(({ definition }) => definition.name), ...relayed.map(({ name }) => name)],
              error,
            );
      if (blamed === undefined) {
        problems.push(describeRequestProblem(error, where));
        const sent = isUntried(error) ? requests - 1 : requests;
        return { accepted: 0, requests: sent, bytes, problems, isUnreachable: !isRefusal(error) };
      }
      problems.push(describeOmission(blamed, group.key, where));
      families = families.filter(({ definition }) => !blamed.metrics.includes(definition.name));
      relayed = relayed.filter(({ name }) => !blamed.metrics.includes(name));
    }
  }
}

interface Blamed {
  readonly metrics: readonly string[];
  readonly error: HttpStatusError;
}

function findBlamed(names: readonly string[], error: unknown): Blamed | undefined {
  if (!isRefusal(error)) return undefined;
  const blamed = parseBlamedMetrics(error);
  const metrics = names.filter((name) => blamed.has(name));
  return metrics.length === 0 ? undefined : { metrics: [...new Set(metrics)], error };
}

function describeOmission({ metrics, error }: Blamed, key: GroupingKey, where: string): Problem {
  const group = Object.entries(key).map(([name, value]) => `${name}="${value}"`);
  const what = `${formatList(metrics)} out of group {${group.join(',')}}`;
  return { kind: 'rejected', where, message: `left ${what}, for the gateway answered 400${explainRefusal(error)}` };
}

function sum(results: readonly Pushed[], value: (result: Pushed) => number): number {
  return results.reduce((total, result) => total + value(result), 0);
}
