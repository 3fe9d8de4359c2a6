/** The door through which everything that a source says comes in: its names are made storable, and stay different. */
import { storableValue } from './labels.ts';
import type { Labels, MetricFamily } from './metric.ts';
import { markOf } from './name-mark.ts';
import { seriesKey } from './order.ts';
import { manyLines, oneLine } from './outside-text.ts';
import type { Problem } from './problem.ts';
import type { RelayedFamily, RelayedSample } from './relayed.ts';
import { rollUp } from './roll-up.ts';

/** Labels with values that every sink can store; the same object when they are so already. */
export function admittedLabels(labels: Labels): Labels {
  return withValues(labels, storableValue);
}

/** Series that differed in nothing that can be stored are combined by the family's own rule. */
export function admittedFamily(family: MetricFamily): MetricFamily {
  if (family.samples.every(({ labels }) => admittedLabels(labels) === labels)) return family;
  // The name of a queue stands in many samples.
  const known = new Map<string, string>();
  const valueOf = (raw: string): string => {
    const value = known.get(raw) ?? storableValue(raw);
    known.set(raw, value);
    return value;
  };
  const relabel = (labels: Labels): Labels => withValues(labels, valueOf);
  return rollUp(family, { key: (labels) => seriesKey(relabel(labels)), relabel });
}

/**
 * Another system's series keep their values at full length, blanks included, for they must be found under the names that
 * they have there, and line feeds, which every text format escapes; only what acts on a screen is taken out, and marked.
 */
export function admittedRelayed(family: RelayedFamily): RelayedFamily {
  const { name, help, samples } = family;
  return { ...family, name: shownText(name), help: manyLines(help), samples: samples.map(admittedSample) };
}

function admittedSample(sample: RelayedSample): RelayedSample {
  const name = shownText(sample.name);
  const labels = shownLabels(sample.labels);
  const { exemplar } = sample;
  const shown = exemplar === undefined ? undefined : shownLabels(exemplar.labels);
  const isShown = exemplar === undefined || shown === exemplar.labels;
  if (name === sample.name && labels === sample.labels && isShown) return sample;
  return exemplar === undefined || shown === undefined
    ? { ...sample, name, labels }
    : { ...sample, name, labels, exemplar: { ...exemplar, labels: shown } };
}

/** Labels that keep their length, such as the address that an exemplar leads to. */
export function shownLabels(labels: Labels): Labels {
  const shown = withValues(labels, shownText);
  if (Object.keys(shown).every((name) => shownText(name) === name)) return shown;
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [shownText(name), value]));
}

function shownText(text: string): string {
  const shown = manyLines(text);
  return shown === text ? text : `${shown}${markOf(text)}`;
}

/** A problem may quote a name or a server's answer. */
export function admittedProblem(problem: Problem): Problem {
  return { ...problem, where: oneLine(problem.where), message: oneLine(problem.message) };
}

function withValues(labels: Labels, valueOf: (raw: string) => string): Labels {
  let changed: Record<string, string> | undefined;
  // Not by entries: they would be made anew for each of a hundred thousand label sets that need no change.
  for (const name in labels) {
    const raw = labels[name] ?? '';
    const value = valueOf(raw);
    if (value !== raw) (changed ??= { ...labels })[name] = value;
  }
  return changed ?? labels;
}
