/** Says that a limit has made many series one, and which setting raises it. */
import type { CapSetting, Folding } from '../model/cap.ts';
import type { Problem } from '../model/problem.ts';

/** Metrics that a message lists before it only counts. */
const maxListed = 3;

const remedies: Readonly<Record<CapSetting, string>> = {
  queuesPerMetric: 'raise queuesPerMetric, or select fewer queues in the settings of the source',
  seriesPerMetric: 'raise seriesPerMetric, or select fewer pipelines and branches in the settings of the source',
};

/** One problem for each limit that was met; the series that are folded are still in every sum. */
export function foldingProblems(folded: readonly Folding[], where: string): readonly Problem[] {
  return [...Map.groupBy(folded, ({ setting }) => setting)].map(([setting, group]) => {
    const most = group.reduce((greatest, folding) => Math.max(greatest, folding.most), 0);
    const named = group.map(({ metric, labelSets }) => `${metric} (${labelSets.toLocaleString('en-US')})`);
    const more = named.length - maxListed;
    const shown = `${named.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${String(more)} other metrics` : ''}`;
    const limit = `more names than the ${most.toLocaleString('en-US')} of ${setting}`;
    return {
      kind: 'configuration',
      where,
      message: `${limit}: those beyond it are one series, #other#, or left out where no sum is possible: ${shown}; ${remedies[setting]}`,
    };
  });
}
