/** Decides which lines of a page are kept, by the allow and deny list or the profile. */
import { matchSelection } from '../../../settings/glob.ts';
import type { Keep } from '../../../prometheus-text/families/collect-families.ts';
import type { PrometheusConfig } from '../config.ts';
import { profiles } from '../profiles.ts';

/** Which lines of a page are kept: `include` and `exclude` may name a metric or one of its series. */
export function createLineFilter({ metrics, profile }: PrometheusConfig): Keep {
  const include = metrics?.include ?? (profile === undefined ? undefined : [...profiles[profile].include]);
  const isIncluded = matchSelection(include === undefined ? {} : { include });
  const isAllowed = matchSelection(metrics?.exclude === undefined ? {} : { exclude: metrics.exclude });
  // A name occurs on thousands of lines, and a glob is dearer than a look-up.
  const known = new Map<string, boolean>();
  return (sample, family) => {
    const key = `${sample} ${family}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const isKept = (isIncluded(sample) || isIncluded(family)) && isAllowed(sample) && isAllowed(family);
    known.set(key, isKept);
    return isKept;
  };
}
