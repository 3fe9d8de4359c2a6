/** The small helpers beside the metric model. */
import { expect, test } from 'vitest';
import { countSamples, findBucket, sampleIfKnown } from '../../lambda/model/metric.ts';
import { groupDigits } from '../../lambda/model/text/wording.ts';

test.each([
  [0, 0],
  [1, 0],
  [1.5, 1],
  [2, 1],
  [3, 2],
])('%d falls into bucket %d of the bounds 1 and 2', (value, bucket) => {
  expect(findBucket(value, [1, 2])).toBe(bucket);
});

test('0 is known, and what is unknown gives no sample', () => {
  expect(sampleIfKnown(0, { queue: 'a' })).toEqual([{ labels: { queue: 'a' }, value: 0 }]);
  expect(sampleIfKnown(undefined, { queue: 'a' })).toEqual([]);
});

test('samples of all families are counted', () => {
  expect(countSamples([{ samples: [1, 2] }, { samples: [] }, { samples: [3] }])).toBe(3);
});

test('digits are grouped by thousands, without a fraction', () => {
  expect(groupDigits(1_234_567.8)).toBe('1,234,568');
});
