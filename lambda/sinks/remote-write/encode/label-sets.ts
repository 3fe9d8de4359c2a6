/** Makes complete label sets for remote write: `__name__` is one of the labels. */
import type { Labels } from '../../../model/metric.ts';
import type { LabelSet } from '../../../series/label-set.ts';

/** Remote-write 1.0 specification, section "Labels"; 2.0 receivers take more, but should not be sent it. */
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Prometheus 3 and its relatives; such names come only from a source that is set to relay them. */
const utf8LabelName = /^(?!__)./su;

export function isMetricName(name: string): boolean {
  return metricName.test(name);
}

/** Whether a label set has names that only remote write 2.0 can carry. */
export function hasUtf8Names(labels: LabelSet): boolean {
  for (let at = 0; at < labels.length; at += 2) {
    const name = labels[at] ?? '';
    const isClassic = name === '__name__' ? metricName.test(labels[at + 1] ?? '') : labelName.test(name);
    if (!isClassic) return true;
  }
  return false;
}

/**
 * Makes complete label sets: valid, without empty values, sorted. A label of the sample wins over an added one of the
 * same name, as Prometheus' external labels do; the other way round two series could become one.
 * The result is undefined when a label name cannot be written.
 */
export function createLabelWriter(
  added: Labels,
  names: 'classic' | 'utf-8' = 'classic',
): (metric: string, own: Labels) => LabelSet | undefined {
  const allowed = names === 'classic' ? labelName : utf8LabelName;
  let plan: Plan = planLabels([], added, allowed);
  return (metric, own) => {
    const written = Object.keys(own);
    // The samples of a metric have the same labels in the same order, so a plan lasts for thousands of them.
    if (!isSame(written, plan.names)) plan = planLabels(written, added, allowed);
    if (!plan.isValid) return undefined;
    const set: string[] = [];
    for (const { name, isOwn, fallback } of plan.slots) {
      const value = isOwn ? makeWellFormed(own[name] ?? '') || fallback : fallback || metric;
      // To Prometheus an empty value and no label are the same; the specification forbids sending it.
      if (value !== '') set.push(name, value);
    }
    return set;
  };
}

/** In which order labels are written, for samples that have these names. */
interface Plan {
  readonly names: readonly string[];
  readonly isValid: boolean;
  readonly slots: readonly Slot[];
}

/** A slot that is neither the sample's own nor has a fallback is the metric's name. */
interface Slot {
  readonly name: string;
  readonly isOwn: boolean;
  readonly fallback: string;
}

function planLabels(names: readonly string[], added: Labels, allowed: RegExp): Plan {
  const all = [...new Set(['__name__', ...names, ...Object.keys(added)])].sort(compareBytes);
  return {
    names,
    isValid: names.every((name) => allowed.test(name)),
    slots: all.map((name) => ({
      name,
      isOwn: names.includes(name),
      fallback: Object.hasOwn(added, name) ? makeWellFormed(added[name] ?? '') : '',
    })),
  };
}

/** Both specifications sort by bytes; JavaScript compares UTF-16, which differs beyond the basic plane. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** Half a surrogate pair has no UTF-8 form, and receivers refuse a whole request for it. */
function makeWellFormed(value: string): string {
  return value.isWellFormed() ? value : value.toWellFormed();
}
