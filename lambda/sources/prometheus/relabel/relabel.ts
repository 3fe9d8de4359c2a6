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
export function relabeller(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(stepOf);
  return (labels) => {
    let current: SeriesLabels | undefined = labels;
    for (const step of steps) {
      current = step(current);
      if (current === undefined) return undefined;
    }
    return current;
  };
}

function stepOf(rule: RelabelRule): Relabel {
  const pattern = remembering(compilePattern(rule.regex));
  switch (rule.action) {
    case 'keep':
      return (labels) => (pattern.match(sourceOf(rule, labels)) === undefined ? undefined : labels);
    case 'drop':
      return (labels) => (pattern.match(sourceOf(rule, labels)) === undefined ? labels : undefined);
    case 'replace':
      return (labels) => replaced(rule, pattern, labels);
    case 'labelmap':
      return (labels) => mapped(rule, pattern, labels);
    case 'labeldrop':
      return (labels) => filtered(labels, (name) => pattern.match(name) === undefined);
    case 'labelkeep':
      // Without its name a series is none; Prometheus fails the scrape then.
      return (labels) => filtered(labels, (name) => name === '__name__' || pattern.match(name) !== undefined);
  }
}

function sourceOf({ sourceLabels, separator }: RelabelRule, labels: SeriesLabels): string {
  return sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
}

function replaced(rule: RelabelRule, pattern: Pattern, labels: SeriesLabels): SeriesLabels {
  const match = pattern.match(sourceOf(rule, labels));
  if (match === undefined) return labels;
  const target = expanded(rule.targetLabel ?? '', match, pattern);
  if (!labelName.test(target)) return labels;
  const value = expanded(rule.replacement, match, pattern);
  const changed = new Map(labels);
  if (value === '') changed.delete(target);
  else changed.set(target, value);
  return changed;
}

function mapped(rule: RelabelRule, pattern: Pattern, labels: SeriesLabels): SeriesLabels {
  const changed = new Map(labels);
  for (const [name, value] of labels) {
    const match = pattern.match(name);
    if (match === undefined) continue;
    const target = expanded(rule.replacement, match, pattern);
    if (labelName.test(target)) changed.set(target, value);
  }
  return changed;
}

function filtered(labels: SeriesLabels, keep: (name: string) => boolean): SeriesLabels {
  return new Map([...labels].filter(([name]) => keep(name)));
}

/** `$1`, `${1}`, `${name}` and `$$`, as Go's `Regexp.Expand`: `$1x` is the group named `1x`. */
function expanded(template: string, { groups }: Match, { names }: Pattern): string {
  return template.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_, dollar?: string, braced?: string, bare?: string) => {
    if (dollar !== undefined) return '$';
    const name = braced ?? bare ?? '';
    const index = /^\d+$/.test(name) ? Number(name) : names.get(name);
    return (index === undefined ? undefined : groups[index]) ?? '';
  });
}

function remembering(pattern: Pattern): Pattern {
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
