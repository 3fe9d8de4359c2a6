/** Applies the rules of relabelling to the labels of a series. */
import type { RelabelRule } from '../config.ts';
import { compilePattern, type Match, type Pattern } from './pattern.ts';

/** Labels of one series, `__name__` among them. */
export type SeriesLabels = ReadonlyMap<string, string>;

/** Undefined for a series that a rule drops. */
export type Relabel = (labels: SeriesLabels) => SeriesLabels | undefined;

/** Results that are remembered for a rule: label values repeat from series to series. */
const maxRemembered = 10_000;

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Prometheus' `metric_relabel_configs`, in order, by the subset that `RelabelRule` has. */
export function createRelabeller(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(compileRule);
  return (labels) => {
    let current: SeriesLabels | undefined = labels;
    for (const step of steps) {
      current = step(current);
      if (current === undefined) return undefined;
    }
    return current;
  };
}

function compileRule(rule: RelabelRule): Relabel {
  const pattern = cacheMatches(compilePattern(rule.regex));
  switch (rule.action) {
    case 'keep':
      return (labels) => (pattern.match(joinSource(rule, labels)) === undefined ? undefined : labels);
    case 'drop':
      return (labels) => (pattern.match(joinSource(rule, labels)) === undefined ? labels : undefined);
    case 'replace':
      return (labels) => replaceLabel(rule, pattern, labels);
    case 'labelmap':
      return (labels) => renameLabels(rule, pattern, labels);
    case 'labeldrop':
      return (labels) => filterLabels(labels, (name) => pattern.match(name) === undefined);
    case 'labelkeep':
      // Without its name a series is none; Prometheus fails the scrape then.
      return (labels) => filterLabels(labels, (name) => name === '__name__' || pattern.match(name) !== undefined);
  }
}

function joinSource({ sourceLabels, separator }: RelabelRule, labels: SeriesLabels): string {
  return sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
}

function replaceLabel(rule: RelabelRule, pattern: Pattern, labels: SeriesLabels): SeriesLabels {
  const match = pattern.match(joinSource(rule, labels));
  if (match === undefined) return labels;
  const target = expandTemplate(rule.targetLabel ?? '', match, pattern);
  if (!labelName.test(target)) return labels;
  const value = expandTemplate(rule.replacement, match, pattern);
  const changed = new Map(labels);
  if (value === '') changed.delete(target);
  else changed.set(target, value);
  return changed;
}

function renameLabels(rule: RelabelRule, pattern: Pattern, labels: SeriesLabels): SeriesLabels {
  const changed = new Map(labels);
  for (const [name, value] of labels) {
    const match = pattern.match(name);
    if (match === undefined) continue;
    const target = expandTemplate(rule.replacement, match, pattern);
    if (labelName.test(target)) changed.set(target, value);
  }
  return changed;
}

function filterLabels(labels: SeriesLabels, keep: (name: string) => boolean): SeriesLabels {
  return new Map([...labels].filter(([name]) => keep(name)));
}

/** `$1`, `${1}`, `${name}` and `$$`, as Go's `Regexp.Expand`: `$1x` is the group named `1x`. */
function expandTemplate(template: string, { groups }: Match, { names }: Pattern): string {
  return template.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, dollar?: string, braced?: string, bare?: string) => {
    if (dollar !== undefined) return '$';
    const name = braced ?? bare ?? '';
    const index = /^\d+$/.test(name) ? Number(name) : names.get(name);
    return (index === undefined ? undefined : groups[index]) ?? '';
  });
}

function cacheMatches(pattern: Pattern): Pattern {
  const known = new Map<string, Match | undefined>();
  return {
    names: pattern.names,
    match: (text) => {
      if (known.has(text)) return known.get(text);
      if (known.size >= maxRemembered) known.clear();
      const match = pattern.match(text);
      known.set(text, match);
      return match;
    },
  };
}
