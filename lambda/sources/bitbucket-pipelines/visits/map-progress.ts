import { gauge, type MetricFamily } from '../../../model/metric.ts';
import type { Repository } from './remembered.ts';
import { looks as looksMetric, oldestLook, repositories as repositoriesMetric, repositoryStates } from '../metrics.ts';
import { minuteMs } from '../budget/intervals.ts';

const recentMs = 60 * minuteMs;

type State = (typeof repositoryStates)[number];

/** How far the crawl has come: absent until the list of repositories was read. */
export function crawlFamilies(
  repositories: readonly Repository[],
  looks: number,
  { source, tickMs }: { readonly source: string; readonly tickMs: number },
): readonly MetricFamily[] {
  if (repositories.length === 0) return [];
  const labels = { system: 'bitbucket', source };
  const states = repositories.map((repository) => stateOf(repository, tickMs));
  const looked = repositories.filter(
    ({ lookedMs, pipelines }) => lookedMs > 0 && pipelines !== 'none' && pipelines !== 'empty',
  );
  const oldestMs = looked.reduce((oldest, { lookedMs }) => Math.min(oldest, lookedMs), tickMs);
  return [
    gauge(
      repositoriesMetric,
      repositoryStates.map((state) => ({
        labels: { ...labels, state },
        value: states.filter((found) => found === state).length,
      })),
    ),
    gauge(looksMetric, [{ labels, value: looks }]),
    gauge(oldestLook, looked.length === 0 ? [] : [{ labels, value: (tickMs - oldestMs) / 1000 }]),
  ];
}

function stateOf({ lookedMs, pipelines, open, ranMs }: Repository, tickMs: number): State {
  if (lookedMs === 0) return 'unread';
  if (pipelines === 'none' || pipelines === 'empty') return 'without_pipelines';
  if (open.moving + open.held > 0) return 'open';
  return tickMs - ranMs < recentMs ? 'recent' : 'quiet';
}
