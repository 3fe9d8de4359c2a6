/** Which bounds the histogram of a metric gets. */
import { expect, test } from 'vitest';
import { chooseBounds } from '../../lambda/counters/settings.ts';
import { catalogue } from '../../lambda/model/catalogue/catalogue.ts';
import { jobDuration, jobWait } from '../../lambda/model/catalogue/job-metrics.ts';
import { sources } from '../../lambda/sources/index.ts';

const settings = { maxSeriesPerMetric: 1, waitBounds: [1, 2], durationBounds: [3, 4], backfillMs: 0 };

test('a metric that measures a wait gets the bounds of waits, whatever its name is', () => {
  expect(chooseBounds(jobWait, settings)).toEqual([1, 2]);
  expect(chooseBounds({ ...jobWait, name: 'ci_pod_start_seconds' }, settings)).toEqual([1, 2]);
  expect(chooseBounds(jobDuration, settings)).toEqual([3, 4]);
  expect(chooseBounds({ ...jobDuration, name: 'ci_queue_wait_hint_seconds' }, settings)).toEqual([3, 4]);
});

test('bounds of its own come before those of the operator', () => {
  expect(chooseBounds({ ...jobWait, bounds: [9] }, settings)).toEqual([9]);
});

test('what is no time has bounds of its unit', () => {
  expect(chooseBounds({ ...jobWait, unit: 'ratio' }, settings).at(-1)).toBe(1);
  expect(chooseBounds({ ...jobWait, unit: 'bytes' }, settings).at(-1)).toBe(1e9);
});

test('each distribution of seconds that is named a wait measures one, and no other does', () => {
  const times = [...catalogue, ...sources.flatMap(({ metrics }) => metrics)].filter(
    ({ type, unit }) => type === 'distribution' && unit === 'seconds',
  );
  const named = times.filter(({ name }) => name.includes('_wait_')).map(({ name }) => name);
  const measured = times.filter(({ measures }) => measures === 'wait').map(({ name }) => name);
  expect(measured).toEqual(named);
  expect(new Set(measured)).toEqual(new Set(['ci_job_wait_seconds', 'ci_run_wait_seconds']));
});
