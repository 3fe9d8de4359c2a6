/** The name of the queue that a step waits in, or that a runner serves. */
import { makeLabelValue } from '../../../model/text/labels.ts';
import { compareText } from '../../../model/families/order.ts';
import type { StepRecord } from '../api/schema.ts';

/** For steps of which the API does not tell what they run on: cloud and self-hosted ones alike. */
export const unspecifiedQueue = 'unspecified';

/** For runners without a label of their own: they take every step that asks for `self.hosted` and their system. */
const unlabelledQueue = 'self.hosted';

/** Labels that Bitbucket gives by itself: what kind of runner it is, not which group it belongs to. */
const systemLabels: ReadonlySet<string> = new Set([
  'self.hosted',
  'linux',
  'linux.arm64',
  'linux.shell',
  'windows',
  'macos',
]);

/** The labels that make a group of runners, sorted: `gpu+large`; the system's label where there is no other. */
export function deriveQueueFromLabels(labels: readonly string[]): string {
  const named = [...new Set(labels)].sort(compareText);
  const own = named.filter((label) => !systemLabels.has(label));
  const system = named.filter((label) => label !== unlabelledQueue);
  const chosen = own.length > 0 ? own : system;
  return makeLabelValue(chosen.join('+')) ?? unlabelledQueue;
}

/** The runner labels or the cloud size of a step, where the API tells them. */
export function deriveQueueFromStep({ runner, size }: Pick<StepRecord, 'runner' | 'size'>): string {
  const labels = runner?.labels ?? [];
  if (labels.length > 0) return deriveQueueFromLabels(labels);
  return makeLabelValue(size ?? '') === undefined
    ? unspecifiedQueue
    : (makeLabelValue(`cloud.${size ?? ''}`) ?? unspecifiedQueue);
}
