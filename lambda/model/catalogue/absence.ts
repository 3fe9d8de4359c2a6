/** Metrics of the catalogue that one configuration does not send, so that no graph shows and no price counts them. */
import type { Labels, MetricDefinition } from '../metric.ts';

export interface Absence {
  readonly metric: MetricDefinition;
  /** Only the samples with one of these values of the label; without it the whole metric. */
  readonly values?: { readonly label: string; readonly are: readonly string[] };
  /** `always`: this configuration cannot tell it. `usually`: it is sent while something out of the ordinary goes on. */
  readonly when: 'always' | 'usually';
}

/** Whether samples with these labels are absent for one of these reasons. */
export function isAbsent(
  absences: readonly Absence[],
  metric: MetricDefinition,
  labels: Labels,
  when: readonly Absence['when'][],
): boolean {
  return absences.some((absence) => {
    if (absence.metric !== metric || !when.includes(absence.when)) return false;
    if (absence.values === undefined) return true;
    const value = labels[absence.values.label];
    return value !== undefined && absence.values.are.includes(value);
  });
}
