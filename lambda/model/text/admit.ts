/** Cleans everything that a source returns: names hold no secret, can be stored by every sink, and stay different. */
import { sourceLabels } from '../catalogue/identity-labels.ts';
import { makeStorableValue } from './labels.ts';
import type { Labels, MetricFamily } from '../metric.ts';
import { formatNameMark } from './name-mark.ts';
import { formatSeriesKey } from '../families/order.ts';
import { maskUnseen, flattenText } from './outside-text.ts';
import type { Problem } from '../problem.ts';
import type { RelayedFamily, RelayedSample } from '../relayed.ts';
import { rollUp } from '../families/roll-up.ts';

/** Takes secrets out of texts; before anything is cut, because half a secret would not be found. */
export interface Cleaner {
  /** Of a name that a CI system gave. */
  readonly redactName: (text: string) => string;
  readonly own: {
    /** Of a text of our own that quotes one. */
    readonly redactText: (text: string) => string;
  };
}

const leaveText = (text: string): string => text;

/** For a process without secrets. */
export const nothingSecret: Cleaner = { redactName: leaveText, own: { redactText: leaveText } };

/** Labels with values that every sink can store; the same object when they are so already. */
export function admitLabels(labels: Labels, cleaner = nothingSecret): Labels {
  return replaceValues(labels, (raw, label) => makeStorableLabel(raw, label, cleaner));
}

/** These labels name the connection of a series; the operator chose the names, they are not from outside. */
const ownLabels: ReadonlySet<string> = new Set(sourceLabels);

function makeStorableLabel(raw: string, label: string, { redactName, own }: Cleaner): string {
  return makeStorableValue(ownLabels.has(label) ? own.redactText(raw) : redactName(raw));
}

/** Series that differed in nothing that can be shown are combined by their family's own rule. */
export function admitFamilies(families: readonly MetricFamily[], cleaner = nothingSecret): readonly MetricFamily[] {
  const admitValue = createValueDoor(cleaner);
  const relabel = (labels: Labels): Labels => replaceValues(labels, admitValue);
  return families.map((family) =>
    family.samples.every(({ labels }) => relabel(labels) === labels)
      ? family
      : rollUp(family, { key: (labels) => formatSeriesKey(relabel(labels)), relabel }),
  );
}

/** The name of a queue stands in many samples of most families, each time as the same text: it is looked at once. */
function createValueDoor(cleaner: Cleaner): (raw: string, label: string) => string {
  const known = new Map<string, string>();
  return (raw, label) => {
    const found = known.get(raw);
    if (found !== undefined && !ownLabels.has(label)) return found;
    const value = makeStorableLabel(raw, label, cleaner);
    if (!ownLabels.has(label)) known.set(raw, value);
    return value;
  };
}

/**
 * Another system's series keep their values at full length, blanks included, for they must be found under the names that
 * they have there, and line feeds, which every text format escapes; only what acts on a screen is taken out, and marked.
 */
export function admitRelayed(family: RelayedFamily, cleaner = nothingSecret): RelayedFamily {
  const { name, help, samples } = family;
  return {
    ...family,
    name: cleanText(name, cleaner),
    help: maskUnseen(cleaner.redactName(help)),
    samples: samples.map((sample) => admitSample(sample, cleaner)),
  };
}

function admitSample(sample: RelayedSample, cleaner: Cleaner): RelayedSample {
  const name = cleanText(sample.name, cleaner);
  const labels = cleanLabels(sample.labels, cleaner);
  const { exemplar } = sample;
  const shown = exemplar === undefined ? undefined : cleanLabels(exemplar.labels, cleaner);
  const isShown = exemplar === undefined || shown === exemplar.labels;
  if (name === sample.name && labels === sample.labels && isShown) return sample;
  return exemplar === undefined || shown === undefined
    ? { ...sample, name, labels }
    : { ...sample, name, labels, exemplar: { ...exemplar, labels: shown } };
}

/** Labels that keep their length, such as the address that an exemplar leads to. */
export function cleanLabels(labels: Labels, cleaner = nothingSecret): Labels {
  const shown = replaceValues(labels, (raw) => cleanText(raw, cleaner));
  const cleanName = (name: string): string => cleanText(name, cleaner);
  if (Object.keys(shown).every((name) => cleanName(name) === name)) return shown;
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [cleanName(name), value]));
}

function cleanText(raw: string, cleaner: Cleaner): string {
  const text = cleaner.redactName(raw);
  const shown = maskUnseen(text);
  return shown === text ? text : `${shown}${formatNameMark(text)}`;
}

/** A problem may quote a name or a server's answer. */
export function admitProblem(problem: Problem, { own } = nothingSecret): Problem {
  return {
    ...problem,
    where: flattenText(own.redactText(problem.where)),
    message: flattenText(own.redactText(problem.message)),
  };
}

function replaceValues(labels: Labels, valueOf: (raw: string, label: string) => string): Labels {
  let changed: Record<string, string> | undefined;
  // Not by entries: they would be made anew for each of a hundred thousand label sets that need no change.
  for (const name in labels) {
    const raw = labels[name] ?? '';
    const value = valueOf(raw, name);
    if (value !== raw) (changed ??= { ...labels })[name] = value;
  }
  return changed ?? labels;
}
