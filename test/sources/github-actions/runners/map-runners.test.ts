/** Tests of the metrics of runners: those of an enterprise that bears the name of its organization. */
import { expect, it } from 'vitest';
import type { RunnerGroup } from '../../../../lambda/sources/github-actions/runners/group-runners.ts';
import { mapRunners } from '../../../../lambda/sources/github-actions/runners/map-runners.ts';
import { valuesOf } from '../harness.ts';

const own = { queue: 'gpu', labels: ['gpu'], online: 3, busy: 1, offline: 1 };
const ofEnterprise = { queue: 'gpu', labels: ['gpu'], online: 5, busy: 4, offline: 0 };

function mapTwo(second: RunnerGroup) {
  return mapRunners(
    [
      { scope: 'acme', groups: [own] },
      { scope: 'acme', groups: [second] },
    ],
    'acme',
  );
}

it('runners of two lists under one name are added up, and each series is told once', () => {
  const families = mapTwo(ofEnterprise);

  expect(valuesOf(families, 'ci_workers', ['scope', 'queue', 'state'])).toEqual({
    'acme gpu idle': 3,
    'acme gpu busy': 5,
    'acme gpu offline': 1,
  });
  expect(families.map(({ samples }) => samples.length)).toEqual([3, 1]);
  expect(valuesOf(families, 'ci_worker_utilization_ratio', ['queue'])).toEqual({ gpu: 5 / 8 });
});

it('where one list does not tell who works, nothing is told of it', () => {
  const silent = { queue: 'gpu', labels: ['gpu'], online: 5, offline: 0 };

  expect(valuesOf(mapTwo(silent), 'ci_workers', ['state'])).toEqual({ offline: 1 });
});
