/** Finds which labels of a series differ from those of the one before, so that the rest is encoded once. */
import type { LabelSet } from './label-set.ts';

/** Encodes the labels from index `from` up to `to`, which is not one of them; indexes are those of the set. */
type EncodeLabels = (labels: LabelSet, from: number, to: number) => Uint8Array;

/** A label set on the wire: what stands before and behind the labels that must be written anew, and which those are. */
export interface Split {
  readonly from: number;
  readonly to: number;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

const nothing = new Uint8Array(0);

/**
 * Tells which labels of a series differ from those of the series before it, and has the bytes of all others: the
 * thousands of series of a metric differ in one or two labels, and encoding the rest again would be most of the work.
 */
export function createLabelSplitter(encode: EncodeLabels): (labels: LabelSet) => Split {
  let before: LabelSet = [];
  let split: Split | undefined;
  return (labels) => {
    const { from, to } = findDifference(before, labels);
    before = labels;
    if (from === 0) {
      // Another metric; its next series tells what its series have in common.
      split = undefined;
      return { from: 0, to: labels.length, head: nothing, tail: nothing };
    }
    if (split === undefined) split = splitAt(labels, from, to, encode);
    else if (from < split.from || to > split.to)
      split = splitAt(labels, Math.min(from, split.from), Math.max(to, split.to), encode);
    return split;
  };
}

function splitAt(labels: LabelSet, from: number, to: number, encode: EncodeLabels): Split {
  return { from, to, head: encode(labels, 0, from), tail: encode(labels, to, labels.length) };
}

/** The range of labels, in whole pairs, outside of which both are equal; all of it where there is nothing to compare. */
function findDifference(a: LabelSet, b: LabelSet): { readonly from: number; readonly to: number } {
  if (a.length !== b.length) return { from: 0, to: b.length };
  let from = 0;
  while (from < b.length && a[from] === b[from] && a[from + 1] === b[from + 1]) from += 2;
  let to = b.length;
  while (to > from && a[to - 2] === b[to - 2] && a[to - 1] === b[to - 1]) to -= 2;
  return { from, to };
}
