/** What a finished run leaves behind, by its result. */
import { expect, test } from 'vitest';
import { buildMarks } from '../../lambda/counters/marks.ts';
import { isFailedResult, isVerdict, type Result, results } from '../../lambda/model/catalogue/results.ts';

const labels = { system: 'toy', source: 'main', scope: 'acme', pipeline: 'web', branch: 'main' };

function listMarks(result: Result): readonly (readonly [string, number])[] {
  return buildMarks(labels, result, 1_700_000_000_500).map(({ metric, value }) => [metric.name, value]);
}

test('a success moves its end, its verdict and the last success; marks are in seconds', () => {
  expect(listMarks('success')).toEqual([
    ['ci_run_last_finished_timestamp_seconds', 1_700_000_000.5],
    ['ci_run_last_result', 1],
    ['ci_run_last_success_timestamp_seconds', 1_700_000_000.5],
  ]);
});

test.each(['failure', 'error', 'timeout'] as const)('a %s moves its end and its verdict only', (result) => {
  expect(listMarks(result)).toEqual([
    ['ci_run_last_finished_timestamp_seconds', 1_700_000_000.5],
    ['ci_run_last_result', 0],
  ]);
});

test.each(['cancellation', 'skip', 'other'] as const)('a %s says nothing about the pipeline', (result) => {
  expect(listMarks(result)).toEqual([]);
});

test('marks carry the labels of the run', () => {
  expect(new Set(buildMarks(labels, 'success', 0).map((mark) => mark.labels))).toEqual(new Set([labels]));
});

test('each result is a success, a failed one, or no verdict', () => {
  expect(results.filter((result) => isVerdict(result))).toEqual(['success', 'failure', 'error', 'timeout']);
  expect(results.filter((result) => isFailedResult(result))).toEqual(['failure', 'error', 'timeout']);
});
