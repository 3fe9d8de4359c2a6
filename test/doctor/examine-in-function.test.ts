/** Tests what the deployed function answers to a person who asks how it is. */
import { describe, expect, it } from 'vitest';
import { RuntimeConfig } from '../../lambda/config/runtime-config.ts';
import { isDoctorEvent } from '../../lambda/doctor/doctor-event.ts';
import { examineInFunction } from '../../lambda/doctor/examine-in-function.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { sourceSubjects } from '../contracts/subjects.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';
import { recordingLog } from '../support/recording-log.ts';

describe('the event of a doctor', () => {
  it.each([{ doctor: true }, { doctor: true, time: '2026-12-01T00:00:00Z' }])('is %j', (event) => {
    expect(isDoctorEvent(event)).toBe(true);
  });

  it.each([{ time: '2026-12-01T00:00:00Z' }, { doctor: 'true' }, { doctor: false }, null, 'doctor', []])(
    'is not %j',
    (event) => {
      expect(isDoctorEvent(event)).toBe(false);
    },
  );
});

describe('the function', () => {
  it('answers with its findings, reads no queue of events and stays in its network', async () => {
    await using server = await startLoopbackServer(sourceSubjects.buildkite.healthy);
    const config = RuntimeConfig.parse({
      sources: [sourceSubjects.buildkite.config(server.url)],
      sinks: [{ kind: 'stdout' }],
    });

    const answer = await examineInFunction({
      config,
      environment: {
        variables: { CANARY_TOKEN: canaries.token, COLLECTOR_EVENT_QUEUES: 'not even JSON' },
        runtime: 'lambda',
        clock: Date.now,
        random: Math.random,
        redactor: createRedactor(),
        log: recordingLog(),
        print: () => undefined,
      },
      nodeVersion: 'v24.21.0',
      remainingMs: 60_000,
    });

    // In Lambda the runtime listens on loopback, so that nothing is asked there.
    expect(answer).toMatchObject({ health: 'failed' });
    expect(JSON.stringify(answer)).toContain('is an address of this machine');
    expect(server.requests).toEqual([]);
    expectNoCanary(answer);
  });
});
