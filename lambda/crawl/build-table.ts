/** The table of a dry run: how fresh the repositories of a workspace or an organization can be within the budget. */
import type { SourcePlan } from '../sources/source.ts';
import { forecast, usualSizes } from './forecast.ts';
import { minuteMs } from '../model/time.ts';

/** What holds the repositories, as the CI system calls it. */
type Whole = 'workspace' | 'organization';

/** How fresh those of several sizes can be within the budget, with the one that was read among them; and what a webhook adds. */
export function buildPlan(perHour: number, own: number | undefined, whole: Whole): SourcePlan {
  const sizes = [...new Set([...usualSizes, ...(own === undefined || own === 0 ? [] : [own])])].sort((a, b) => a - b);
  return {
    title: `How fresh ${String(perHour)} requests an hour keep ${whole === 'workspace' ? 'a workspace' : 'an organization'} (oldest look at a repository)`,
    columns: [
      'REPOSITORIES',
      'WITH AN OPEN RUN',
      'A RUN IN THE LAST HOUR',
      'ANY',
      'AFTER A WEBHOOK',
      'REQUESTS AN HOUR',
    ],
    rows: sizes.map((size) => {
      const { openMs, recentMs, quietMs, hintedMs, used } = forecast(size, perHour);
      const name = size === own ? `${String(size)} (this ${whole})` : String(size);
      return [
        name,
        formatDuration(openMs),
        formatDuration(recentMs),
        formatDuration(quietMs),
        formatDuration(hintedMs),
        String(used),
      ];
    }),
  };
}

/** `2 min`, `1 h 20 min` */
function formatDuration(ms: number): string {
  const minutes = Math.ceil(ms / minuteMs);
  const rest = minutes % 60;
  if (minutes < 60) return `${String(minutes)} min`;
  return rest === 0 ? `${String(minutes / 60)} h` : `${String((minutes - rest) / 60)} h ${String(rest)} min`;
}
