/** Metrics on how far the visits have come: repositories by state, visits of this tick, and the oldest visit. */
import { buildGauge, type MetricFamily } from '../model/metric.ts';
import {
  repositoryVisits as visitsMetric,
  oldestVisit,
  repositories as repositoriesMetric,
  repositoryStates,
} from '../model/catalogue/crawl-metrics.ts';
import type { Watched } from './watched.ts';
import { minuteMs } from '../model/time.ts';

const recentMs = 60 * minuteMs;

type State = (typeof repositoryStates)[number];

/** How far the crawl has come: absent until the list of repositories was read. */
export function mapProgress(
  repositories: readonly Watched[],
  visits: number,
  { system, source, tickMs }: { readonly system: string; readonly source: string; readonly tickMs: number },
): readonly MetricFamily[] {
  if (repositories.length === 0) return [];
  const labels = { system, source };
  const states = repositories.map((repository) => classifyRepository(repository, tickMs));
  const visited = repositories.filter(
    ({ visitedMs, pipelines }) => visitedMs > 0 && pipelines !== 'none' && pipelines !== 'empty',
  );
  const oldestMs = visited.reduce((oldest, { visitedMs }) => Math.min(oldest, visitedMs), tickMs);
  return [
    buildGauge(
      repositoriesMetric,
      repositoryStates.map((state) => ({
        labels: { ...labels, state },
        value: states.filter((found) => found === state).length,
      })),
    ),
    buildGauge(visitsMetric, [{ labels, value: visits }]),
    buildGauge(oldestVisit, visited.length === 0 ? [] : [{ labels, value: (tickMs - oldestMs) / 1000 }]),
  ];
}

function classifyRepository({ visitedMs, pipelines, open, ranMs }: Watched, tickMs: number): State {
  if (visitedMs === 0) return 'unread';
  if (pipelines === 'none' || pipelines === 'empty') return 'without_pipelines';
  if (open.moving + open.held > 0) return 'open';
  return tickMs - ranMs < recentMs ? 'recent' : 'quiet';
}
