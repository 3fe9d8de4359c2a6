/** Tests what is said of credentials: taken or refused, when they end, and how much is left of their quota. */
import { describe, expect, it } from 'vitest';
import { checkCredentials } from '../../../lambda/doctor/checks/check-credentials.ts';
import { credentialFamilies } from '../../../lambda/model/credential.ts';
import { dayMs, hourMs } from '../../../lambda/model/time.ts';
import type { SourceOutcome } from '../../../lambda/report/report.ts';

const nowMs = Date.UTC(2026, 11, 1);

function outcome(changes: Partial<SourceOutcome>): SourceOutcome {
  const meter = { attempts: new Map([['2xx', 3]]), bytesSent: 0, bytesReceived: 0 };
  const common = { id: 'github-actions/a', system: 'github', name: 'a', status: 'complete', durationMs: 1 } as const;
  return { ...common, samples: 1, overflow: 0, problems: [], meter, ...changes };
}

function check(changes: Partial<SourceOutcome>): readonly unknown[] {
  return checkCredentials([outcome(changes)], nowMs).map(({ subject, verdict, message }) => [
    subject,
    verdict,
    message,
  ]);
}

function expiring(expiresMs: number, createdMs?: number): Partial<SourceOutcome> {
  const families = credentialFamilies({ system: 'github', source: 'a' }, { expiresMs, createdMs });
  return { told: families };
}

describe('a credential', () => {
  it('is taken where something was answered', () => {
    expect(check({})).toEqual([['credential', 'ok', 'is taken']]);
  });

  it('is refused where a server said so, and nothing else is said of it then', () => {
    const problems = [
      { kind: 'auth', where: 'github-actions/a GET x', message: 'answered 401; put another one' },
    ] as const;

    expect(check({ problems })).toEqual([['credential', 'failed', 'answered 401']]);
  });

  it('is not known where nothing was answered', () => {
    const meter = { attempts: new Map([['none', 1]]), bytesSent: 0, bytesReceived: 0 };

    expect(check({ meter })).toEqual([]);
  });
});

describe('the end of a credential', () => {
  it.each([
    ['is far', nowMs + 15 * dayMs, undefined, 'ok', 'ends on 2026-12-16 00:00 UTC, in 15 days'],
    ['is near', nowMs + 13 * dayMs, undefined, 'warning', 'ends on 2026-12-14 00:00 UTC, in 13 days'],
    ['is past', nowMs - 1, undefined, 'failed', 'ended on 2026-11-30 23:59 UTC'],
    [
      'of a short life is far',
      nowMs + 2 * hourMs,
      nowMs - 10 * hourMs,
      'ok',
      'ends on 2026-12-01 02:00 UTC, in 2 hours',
    ],
    [
      'of a short life is near',
      nowMs + hourMs / 2,
      nowMs - 11.5 * hourMs,
      'warning',
      'ends on 2026-12-01 00:30 UTC, in 30 minutes',
    ],
  ])('that %s', (_, expiresMs, createdMs, verdict, message) => {
    expect(check(expiring(expiresMs, createdMs))).toContainEqual(['expiry', verdict, message]);
  });
});

describe('a quota', () => {
  it.each([
    [{ remaining: 100, limit: 1000 }, 'ok', '100 requests left of 1000'],
    [{ remaining: 99, limit: 1000 }, 'warning', '99 requests left of 1000'],
    [{ remaining: 0 }, 'warning', '0 requests left'],
    [{ remaining: 1 }, 'ok', '1 requests left'],
  ])('of %j is %s', (rateLimit, verdict, message) => {
    const meter = { attempts: new Map([['2xx', 1]]), bytesSent: 0, bytesReceived: 0, rateLimit };

    expect(check({ meter })).toContainEqual(['quota', verdict, message]);
  });
});
