/** The door through which everything that a source says comes in: names hold no secret, can be stored, stay different. */
import { sourceLabels } from '../catalogue/identity-labels.ts';
import { storableValue } from './labels.ts';
import type { Labels, MetricFamily } from '../metric.ts';
import { markOf } from './name-mark.ts';
import { seriesKey } from '../families/order.ts';
import { manyLines, oneLine } from './outside-text.ts';
import type { Problem } from '../problem.ts';
import type { RelayedFamily, RelayedSample } from '../relayed.ts';
import { rollUp } from '../families/roll-up.ts';

/** Takes secrets out of what passes the door; before anything is cut, for half a secret is known to nobody. */
export interface Cleaner {
  /** Of a name that a CI system gave. */
  readonly name: (text: string) => string;
  readonly own: {
    /** Of a text of our own that quotes one. */
    readonly text: (text: string) => string;
  };
}

const same = (text: string): string => text;

/** For those who have no secrets. */
export const nothingSecret: Cleaner = { name: same, own: { text: same } };

/** Labels with values that every sink can store; the same object when they are so already. */
export function admittedLabels(labels: Labels, cleaner = nothingSecret): Labels {
  return withValues(labels, (raw, label) => storableLabel(raw, label, cleaner));
}

/** Which connection a series belongs to is a name of the operator's, and not from outside. */
const ownLabels: ReadonlySet<string> = new Set(sourceLabels);

function storableLabel(raw: string, label: string, { name, own }: Cleaner): string {
  return storableValue(ownLabels.has(label) ? own.text(raw) : name(raw));
}

/** Series that differed in nothing that can be shown are combined by the family's own rule. */
export function admittedFamily(family: MetricFamily, cleaner = nothingSecret): MetricFamily {
  // The name of a queue stands in many samples, each time as the same text.
  const known = new Map<string, string>();
  const valueOf = (raw: string, label: string): string => {
    const found = known.get(raw);
    if (found !== undefined && !ownLabels.has(label)) return found;
    const value = storableLabel(raw, label, cleaner);
    if (!ownLabels.has(label)) known.set(raw, value);
    return value;
  };
  const relabel = (labels: Labels): Labels => withValues(labels, valueOf);
  if (family.samples.every(({ labels }) => relabel(labels) === labels)) return family;
  return rollUp(family, { key: (labels) => seriesKey(relabel(labels)), relabel });
}

/**
 * Another system's series keep their values at full length, blanks included, for they must be found under the names that
 * they have there, and line feeds, which every text format escapes; only what acts on a screen is taken out, and marked.
 */
export function admittedRelayed(family: RelayedFamily, cleaner = nothingSecret): RelayedFamily {
  const { name, help, samples } = family;
  return {
    ...family,
    name: shownText(name, cleaner),
    help: manyLines(cleaner.name(help)),
    samples: samples.map((sample) => admittedSample(sample, cleaner)),
  };
}

function admittedSample(sample: RelayedSample, cleaner: Cleaner): RelayedSample {
  const name = shownText(sample.name, cleaner);
  const labels = shownLabels(sample.labels, cleaner);
  const { exemplar } = sample;
  const shown = exemplar === undefined ? undefined : shownLabels(exemplar.labels, cleaner);
  const isShown = exemplar === undefined || shown === exemplar.labels;
  if (name === sample.name && labels === sample.labels && isShown) return sample;
  return exemplar === undefined || shown === undefined
    ? { ...sample, name, labels }
    : { ...sample, name, labels, exemplar: { ...exemplar, labels: shown } };
}

/** Labels that keep their length, such as the address that an exemplar leads to. */
export function shownLabels(labels: Labels, cleaner = nothingSecret): Labels {
  const shown = withValues(labels, (raw) => shownText(raw, cleaner));
  const nameOf = (name: string): string => shownText(name, cleaner);
  if (Object.keys(shown).every((name) => nameOf(name) === name)) return shown;
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [nameOf(name), value]));
}

function shownText(raw: string, cleaner: Cleaner): string {
  const text = cleaner.name(raw);
  const shown = manyLines(text);
  return shown === text ? text : `${shown}${markOf(text)}`;
}

/** A problem may quote a name or a server's answer. */
export function admittedProblem(problem: Problem, { own } = nothingSecret): Problem {
  return { ...problem, where: oneLine(own.text(problem.where)), message: oneLine(own.text(problem.message)) };
}

function withValues(labels: Labels, valueOf: (raw: string, label: string) => string): Labels {
  let changed: Record<string, string> | undefined;
  // Not by entries: they would be made anew for each of a hundred thousand label sets that need no change.
  for (const name in labels) {
    const raw = labels[name] ?? '';
    const value = valueOf(raw, name);
    if (value !== raw) (changed ??= { ...labels })[name] = value;
  }
  return changed ?? labels;
}
