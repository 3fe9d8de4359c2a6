/** Tests of the simulated Chainloop organization: its seed and speed decide its runs, and every ending occurs. */
import { describe, expect, it } from 'vitest';
import { createAttestations } from '../../../../lambda/demo/simulators/chainloop/attestations.ts';
import { demoAttestations } from '../../../../lambda/demo/simulators/chainloop/plan.ts';

const startMs = Date.UTC(2026, 0, 2, 12, 0, 0);
const hourMs = 3_600_000;

describe('the simulated organization', () => {
  it('is the same for a seed, however the time is cut into steps', () => {
    const atOnce = createAttestations({ seed: 1, startMs });
    const inSteps = createAttestations({ seed: 1, startMs });
    atOnce.advance(startMs + hourMs);
    for (let minute = 0; minute <= 60; minute += 1) inSteps.advance(startMs + minute * 60_000);

    expect(inSteps.records()).toEqual(atOnce.records());
    expect(createAttestations({ seed: 2, startMs }).records()).not.toEqual(atOnce.records());
  });

  it('has every ending, and no end in the future or before its beginning', () => {
    const attestations = createAttestations({ seed: 1, startMs });
    attestations.advance(startMs + 12 * hourMs);

    const { runs } = attestations.records();

    expect(new Set(runs.map(({ status }) => status))).toEqual(
      new Set(['initialized', 'succeeded', 'failed', 'expired', 'cancelled']),
    );
    for (const { createdMs, finishedMs, status } of runs) {
      expect(finishedMs ?? createdMs).toBeGreaterThanOrEqual(createdMs);
      expect(finishedMs ?? createdMs).toBeLessThanOrEqual(startMs + 12 * hourMs);
      expect(finishedMs === undefined).toBe(status === 'initialized' || status === 'expired');
    }
  });

  it('lives faster when it is told to, in real time', () => {
    const attestations = createAttestations({ seed: 1, startMs, speed: 60 });
    attestations.advance(startMs + hourMs / 60);

    const { runs } = attestations.records();
    const inTheHour = runs.filter(({ createdMs }) => createdMs >= startMs).length;

    const expected = demoAttestations.workflows.reduce((sum, { runsPerHour }) => sum + runsPerHour, 0);
    expect(inTheHour).toBeGreaterThan(expected / 2);
    expect(inTheHour).toBeLessThan(expected * 2);
  });

  it('begins no run after the time that it is told, and ends those that have begun', () => {
    const attestations = createAttestations({ seed: 1, startMs, arrivalsUntilMs: startMs + hourMs });
    attestations.advance(startMs + 6 * hourMs);
    const { runs } = attestations.records();

    expect(Math.max(...runs.map(({ createdMs }) => createdMs))).toBeLessThanOrEqual(startMs + hourMs + 1000);
    expect(runs.filter(({ createdMs }) => createdMs > startMs).length).toBeGreaterThan(5);
    expect(runs.filter(({ status }) => status === 'initialized')).toEqual([]);
  });

  it('has a workflow that is down for longer than half an hour', () => {
    const attestations = createAttestations({ seed: 1, startMs });
    attestations.advance(startMs + hourMs);

    const failed = attestations
      .records()
      .runs.filter(({ workflow, createdMs }) => workflow.project === 'platform' && createdMs > startMs + 660_000)
      .filter(({ workflow, createdMs }) => workflow.name === 'build' && createdMs < startMs + 3_200_000)
      .filter(({ status }) => status !== 'initialized');

    expect(failed.length).toBeGreaterThan(3);
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['failed']));
  });
});
