/** Creates the descriptors of metrics, so that they have a unit, a description and labels. */
import { HttpStatusError, HttpTimeoutError } from '../../../http/errors/errors.ts';
import type { Problem } from '../../../model/problem.ts';
import { createDeadline, type Deadline } from '../../../runtime/deadline.ts';
import type { PointMetric } from '../encode/point.ts';
import { descriptorBudgetMs, parallelDescriptors } from '../limits.ts';
import type { Setup } from '../setup.ts';
import type { Explanation } from '../../../series/losses/explain-status.ts';
import { SecretUnavailableError } from '../../../secrets/secrets.ts';
import { explainError } from './explain-error.ts';
import { createPost, type Post } from './post.ts';

export interface Descriptors {
  /**
   * Makes those of metrics that have none yet. What goes wrong costs no point: without a descriptor the API makes one of
   * the first point, only without a description.
   */
  readonly ensure: (metrics: readonly PointMetric[], deadline: Deadline) => Promise<readonly Problem[]>;
}

/** Metric names that a message lists before it only counts. */
const maxListed = 3;

/** Once a process for each metric and its labels: making one again only writes the same once more. */
export function createDescriptors(setup: Setup): Descriptors {
  const made = new Set<string>();
  return {
    ensure: async (metrics, deadline) => {
      const missing = metrics.filter((metric) => !made.has(formatKey(metric)));
      if (missing.length === 0 || deadline.signal.aborted) return [];
      const budgetMs = Math.min(descriptorBudgetMs, deadline.remainingMs() / 4);
      using budget = createDeadline(budgetMs, setup.ports.clock, deadline.signal);
      const losses = await makeDescriptors(missing, createPost(setup, budget), (metric) => made.add(formatKey(metric)));
      const explain = (error: unknown): Explanation => {
        // The budget ends the requests as the deadline of the run would, but more time for the run would not help.
        const hasSpentBudget = budget.signal.aborted && !deadline.signal.aborted;
        return hasSpentBudget && isEndedByDeadline(error)
          ? explainSpentBudget(budgetMs)
          : explainError(error, setup.descriptorsWhere);
      };
      return describeMissing(losses, setup.descriptorsWhere, explain);
    },
  };
}

/** No answer in time, and a wait or a secret that the signal ended. */
function isEndedByDeadline(error: unknown): boolean {
  if (error instanceof SecretUnavailableError) return error.reason === 'aborted';
  return error instanceof HttpTimeoutError || (error instanceof Error && error.name === 'TimeoutError');
}

function explainSpentBudget(budgetMs: number): Explanation {
  const seconds = (budgetMs / 1000).toFixed(1);
  return {
    kind: 'timeout',
    text: `They were not answered within ${seconds} s, more than which they may not take from the points of this run. The next run asks for them again; if it lasts, look at the network on the way to Google Cloud.`,
  };
}

interface MissingDescriptor {
  readonly metric: PointMetric;
  /** Undefined for one that was not asked for after another could not be. */
  readonly error: unknown;
}

async function makeDescriptors(
  metrics: readonly PointMetric[],
  post: Post,
  noteMade: (metric: PointMetric) => void,
): Promise<readonly MissingDescriptor[]> {
  const losses: MissingDescriptor[] = [];
  const rest = metrics.values();
  let isStopped = false;
  const make = async (metric: PointMetric): Promise<void> => {
    if (isStopped) {
      losses.push({ metric, error: undefined });
      return;
    }
    try {
      await post('metricDescriptors', JSON.stringify(buildDescriptor(metric)), {
        isRepeated: false,
        refusal: undefined,
      });
      noteMade(metric);
    } catch (error) {
      if (error instanceof HttpStatusError && error.status === 409) {
        noteMade(metric);
        return;
      }
      // A refused descriptor says nothing of the others; a server that does not answer takes none of them.
      if (isAboutData(error)) noteMade(metric);
      else isStopped = true;
      losses.push({ metric, error });
    }
  };
  const first = rest.next();
  // Alone, as with points: it finds out at the price of one request that a token is refused.
  if (first.done !== true) await make(first.value);
  const drainMetrics = async (): Promise<void> => {
    for (const metric of rest) await make(metric);
  };
  await Promise.all(Array.from({ length: parallelDescriptors }, drainMetrics));
  return losses;
}

function isAboutData(error: unknown): boolean {
  return error instanceof HttpStatusError && (error.status === 400 || error.status === 413);
}

/** google.api.MetricDescriptor. */
function buildDescriptor({ type, kind, valueType, unit, description, labels }: PointMetric): object {
  return {
    type,
    metricKind: kind,
    valueType,
    unit,
    description,
    displayName: type.slice(type.lastIndexOf('/') + 1),
    labels: labels.map((key) => ({ key, valueType: 'STRING' })),
  };
}

function formatKey({ type, labels }: PointMetric): string {
  return `${type} ${labels.join()}`;
}

function describeMissing(
  missing: readonly MissingDescriptor[],
  where: string,
  explain: (error: unknown) => Explanation,
): readonly Problem[] {
  const explained = missing
    .filter(({ error }) => error !== undefined)
    .map(({ metric, error }) => ({
      metric,
      why: explain(error),
    }));
  const skipped = missing.length - explained.length;
  return [...Map.groupBy(explained, ({ why }) => `${why.kind} ${why.text}`).values()].flatMap(
    (group): readonly Problem[] => {
      const [first] = group;
      if (first === undefined) return [];
      const { kind, text, retryAtMs } = first.why;
      const names = group.slice(0, maxListed).map(({ metric }) => metric.type);
      const more = group.length - names.length + skipped;
      const listed = more > 0 ? `${names.join(', ')} and ${String(more)} more` : names.join(', ');
      const message = `no descriptor for ${listed}, so that they may lack unit and description; their points are sent all the same: ${text}`;
      return [{ kind, where, message, ...(retryAtMs === undefined ? {} : { retryAtMs }) }];
    },
  );
}
