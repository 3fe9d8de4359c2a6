/** Makes the attributes of points: sorted, without empty values, each key once. */
import type { Labels } from '../../../../model/metric.ts';
import { compareText } from '../../../../model/families/order.ts';
import type { LabelSet } from '../../../../series/label-set.ts';

/** A label of the sample wins over an added one of the same name; the other way round two series could become one. */
export function createAttributeWriter(added: Labels): (own: Labels) => LabelSet {
  const cleanAdded = Object.fromEntries(Object.entries(added).map(([key, value]) => [key, value.toWellFormed()]));
  let plan = planAttributes([], cleanAdded);
  return (own) => {
    const written = Object.keys(own);
    // The samples of a metric have the same labels in the same order, so a plan lasts for thousands of them.
    if (!isSame(written, plan.names)) plan = planAttributes(written, cleanAdded);
    const set: string[] = [];
    for (const { key, name } of plan.slots) {
      const value = makeWellFormed(own[name] ?? '') || (cleanAdded[name] ?? '');
      if (value !== '') set.push(key, value);
    }
    return set;
  };
}

interface Plan {
  readonly names: readonly string[];
  /** `key` is `name` as it can be written. */
  readonly slots: readonly { readonly key: string; readonly name: string }[];
}

/** OTLP, common.proto: a key is not empty, and occurs once. */
function planAttributes(names: readonly string[], added: Labels): Plan {
  const all = [...new Set([...names, ...Object.keys(added)])].filter((name) => name !== '');
  const slots = all.map((name) => ({ key: makeWellFormed(name), name })).sort((a, b) => compareText(a.key, b.key));
  return { names, slots: slots.filter(({ key }, index) => key !== slots[index - 1]?.key) };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** Half a surrogate pair has no UTF-8 form, and a receiver may refuse a whole request for it. */
function makeWellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
