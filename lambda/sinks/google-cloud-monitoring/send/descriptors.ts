/** Creates the descriptors of metrics on purpose, so that they have a unit, a description and labels that say something. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Problem } from '../../../model/problem.ts';
import { deadlineIn, type Deadline } from '../../../runtime/deadline.ts';
import type { PointMetric } from '../encode/point.ts';
import { descriptorBudgetMs, parallelDescriptors } from '../limits.ts';
import type { Setup } from '../setup.ts';
import { explain } from './explain-error.ts';
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
      const missing = metrics.filter((metric) => !made.has(keyOf(metric)));
      if (missing.length === 0 || deadline.signal.aborted) return [];
      using budget = deadlineIn(
        Math.min(descriptorBudgetMs, deadline.remainingMs() / 4),
        setup.ports.clock,
        deadline.signal,
      );
      const failures = await makeAll(missing, createPost(setup, budget), (metric) => made.add(keyOf(metric)));
      return tellFailures(failures, setup);
    },
  };
}

interface Failure {
  readonly metric: PointMetric;
  /** Undefined for one that was not asked for after another could not be. */
  readonly error: unknown;
}

async function makeAll(
  metrics: readonly PointMetric[],
  post: Post,
  isMade: (metric: PointMetric) => void,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const rest = metrics.values();
  let isStopped = false;
  const make = async (metric: PointMetric): Promise<void> => {
    if (isStopped) {
      failures.push({ metric, error: undefined });
      return;
    }
    try {
      await post('metricDescriptors', JSON.stringify(descriptorOf(metric)), { isRepeated: false, refusal: undefined });
      isMade(metric);
    } catch (error) {
      if (error instanceof HttpStatusError && error.status === 409) {
        isMade(metric);
        return;
      }
      // What is refused for itself says nothing of the others; what is not even heard does.
      if (isAboutData(error)) isMade(metric);
      else isStopped = true;
      failures.push({ metric, error });
    }
  };
  const first = rest.next();
  // Alone, as with points: it finds out at the price of one request that a token is refused.
  if (first.done !== true) await make(first.value);
  const worker = async (): Promise<void> => {
    for (const metric of rest) await make(metric);
  };
  await Promise.all(Array.from({ length: parallelDescriptors }, worker));
  return failures;
}

function isAboutData(error: unknown): boolean {
  return error instanceof HttpStatusError && (error.status === 400 || error.status === 413);
}

/** google.api.MetricDescriptor. */
function descriptorOf({ type, kind, valueType, unit, description, labels }: PointMetric): object {
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

function keyOf({ type, labels }: PointMetric): string {
  return `${type} ${labels.join()}`;
}

function tellFailures(failures: readonly Failure[], { descriptorsWhere: where }: Setup): readonly Problem[] {
  const told = failures
    .filter(({ error }) => error !== undefined)
    .map(({ metric, error }) => ({
      metric,
      why: explain(error, where),
    }));
  const skipped = failures.length - told.length;
  return [...Map.groupBy(told, ({ why }) => `${why.kind} ${why.text}`).values()].flatMap(
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
