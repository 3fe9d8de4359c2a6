/** Says what of a source is not as exact as it could be: series that a limit has made one, and queues without a price. */
import { groupDigits } from '../model/text/wording.ts';
import type { CapSetting, Folding } from '../model/limits/cap.ts';
import type { Problem } from '../model/problem.ts';
import type { Capacity } from '../model/limits/capacity.ts';

/** Metrics that a message lists before it only counts. */
const maxListed = 3;

const remedies: Readonly<Record<Exclude<CapSetting, 'capacity'>, string>> = {
  queuesPerMetric: 'raise queuesPerMetric, or select fewer queues in the settings of the source',
  seriesPerMetric: 'raise seriesPerMetric, or select fewer pipelines and branches in the settings of the source',
};

/** One problem for each limit that was met; the series that are folded are still in every sum. */
export function describeFolding(folded: readonly Folding[], where: string, capacity: Capacity): readonly Problem[] {
  return [...Map.groupBy(folded, ({ setting }) => setting)].map(([setting, group]) => {
    const most = group.reduce((greatest, folding) => Math.max(greatest, folding.most), 0);
    const named = group.map(({ metric, labelSets }) => `${metric} (${groupDigits(labelSets)})`);
    const more = named.length - maxListed;
    const shown = `${named.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${String(more)} other metrics` : ''}`;
    const { limit, remedy } = describeLimit(setting, most, capacity);
    return {
      kind: 'configuration',
      where,
      message: `${limit}: those beyond it are one series, #other#, or left out where no sum is possible: ${shown}; ${remedy}`,
    };
  });
}

function describeLimit(
  setting: CapSetting,
  most: number,
  { samples, remedy }: Capacity,
): { limit: string; remedy: string } {
  const names = groupDigits(most);
  if (setting !== 'capacity') return { limit: `more names than the ${names} of ${setting}`, remedy: remedies[setting] };
  const limit = `more names than the ${names} that a run has room for, which carries ${groupDigits(samples)} samples with its memory and its time`;
  return { limit, remedy: `${remedy}, or select fewer queues and pipelines in the settings of the source` };
}

/** What such a queue costs is missing in every sum of costs. */
export function describeUnpriced(
  { unpriced: queues }: { readonly unpriced: readonly string[] } = { unpriced: [] },
  where: string,
): readonly Problem[] {
  if (queues.length === 0) return [];
  const one = queues.length === 1;
  const more = queues.length - maxListed;
  const shown = `${queues.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${groupDigits(more)} more` : ''}`;
  const message = `no price for ${shown}, whose cost is in no metric; add ${one ? 'it' : 'them'} to prices.queues, with a price of 0 if ${one ? 'it costs' : 'they cost'} nothing`;
  return [{ kind: 'configuration', where, message }];
}
