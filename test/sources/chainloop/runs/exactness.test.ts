/** Tests that counts over many hours are those of the simulated organization, failures included. */
import { describe, expect, it } from 'vitest';
import { createAttestations } from '../../../../lambda/demo/simulators/chainloop/attestations.ts';
import { drawBetween, createRandom } from '../../../../lambda/demo/simulators/random.ts';
import type { RunRecord } from '../../../../lambda/demo/simulators/chainloop/records.ts';
import { mapResult } from '../../../../lambda/sources/chainloop/runs/finish.ts';
import { minuteMs, nonZero, startMs, startOrganization, valuesOf } from '../harness.ts';

const resultByStatus: Readonly<Record<string, string>> = {
  succeeded: 'success',
  failed: 'failure',
  expired: 'error',
  cancelled: 'cancellation',
};

/** What ended since counting began, as a bookkeeper who sees everything would say. */
function truth(runs: readonly RunRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { workflow, status, createdMs, finishedMs } of runs) {
    if (status === 'initialized' || (finishedMs ?? createdMs + 60 * minuteMs) < startMs) continue;
    const key = `${workflow.project} ${workflow.name} ${resultByStatus[status] ?? ''}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe('the counts of many hours', () => {
  it.each([1, 2, 3])('are those of the organization, whichever ticks fail or are missed (seed %i)', async (seed) => {
    const attestations = createAttestations({ seed, startMs });
    const random = createRandom(seed);
    await using organization = await startOrganization();
    let counted: Readonly<Record<string, number>> = {};
    for (let minute = 0; minute < 10 * 60;) {
      organization.now = startMs + minute * minuteMs;
      attestations.advance(organization.now);
      ({ runs: organization.runs, workflows: organization.workflows } = attestations.records());
      const isFailing = minute > 0 && minute < 540 && random() < 0.2;
      organization.server.playScenario(isFailing ? 'without trailers' : 'ok');

      const { families, problems } = await organization.tick();

      expect(problems.length).toBe(isFailing ? 1 : 0);
      if (!isFailing) counted = valuesOf(families, 'ci_runs_total', ['scope', 'pipeline', 'result']);
      minute += random() < 0.05 ? drawBetween(random, 60, 100) : drawBetween(random, 1, 8);
    }

    const expected = truth(organization.runs);
    expect(Object.keys(expected).length).toBeGreaterThan(7);
    expect(nonZero(counted)).toEqual(expected);
  });
});

describe('a status', () => {
  it.each([
    ['initialized', undefined, undefined],
    ['succeeded', 1, 'success'],
    ['failed', 1, 'failure'],
    ['expired', undefined, 'error'],
    ['cancelled', 1, 'cancellation'],
    ['unspecified', undefined, undefined],
    ['unspecified', 1, 'other'],
    ['unknown', undefined, undefined],
    ['unknown', 1, 'other'],
  ] as const)('%s with the end %s is the result %s', (status, finishedMs, result) => {
    expect(mapResult({ status, ...(finishedMs === undefined ? {} : { finishedMs }) })).toBe(result);
  });
});
