/** Tests of planning which repositories a tick visits with the requests that it may use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refill, computeRequestsPerWindow, type SavedRequests } from '../../lambda/crawl/rate.ts';
import { forecast } from '../../lambda/crawl/forecast.ts';
import { buildPlan } from '../../lambda/crawl/build-table.ts';
import type { Watched } from '../../lambda/crawl/watched.ts';
import { computeVisitInterval, planVisits } from '../../lambda/crawl/plan-visits.ts';
import { hourMs } from '../../lambda/model/time.ts';

const minuteMs = 60_000;
const nowMs = 10_000 * hourMs;

const watched: fc.Arbitrary<Watched> = fc.record({
  id: fc.uuid(),
  visitedMs: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 48 * 60 }).map((ago) => nowMs - ago * minuteMs),
  ),
  ranMs: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 1e6 }).map((ago) => nowMs - ago * minuteMs),
  ),
  hotUntilMs: fc.constantFrom(0, nowMs + minuteMs),
  hintedMs: fc.constantFrom(undefined, nowMs - minuteMs),
  open: fc.record({ moving: fc.nat({ max: 2 }), held: fc.nat({ max: 2 }) }),
  pipelines: fc.constantFrom('unknown' as const, 'some' as const, 'none' as const, 'empty' as const),
});
const workspace = fc.uniqueArray(watched, { selector: ({ id }) => id, maxLength: 60 });
const allowance = fc.record({ most: fc.integer({ min: 0, max: 40 }), spare: fc.integer({ min: 0, max: 40 }) });

describe('the plan of a tick', () => {
  it('never exceeds what it may use, and looks at each repository once', () => {
    fc.assert(
      fc.property(workspace, allowance, (repositories, given) => {
        const looks = planVisits(repositories, nowMs, given);

        expect(looks.length).toBeLessThanOrEqual(given.most);
        expect(new Set(looks.map(({ id }) => id)).size).toBe(looks.length);
      }),
    );
  });

  it('leaves nothing out that is due while there is allowance', () => {
    fc.assert(
      fc.property(workspace, (repositories) => {
        const looks = new Set(planVisits(repositories, nowMs, { most: repositories.length, spare: 0 }));

        const due = repositories.filter(
          (one) => one.visitedMs === 0 || nowMs - one.visitedMs >= computeVisitInterval(one, nowMs),
        );
        expect(due.filter((one) => !looks.has(one))).toEqual([]);
        expect(looks.size).toBe(due.length);
      }),
    );
  });

  it('does not depend on the order of the list', () => {
    fc.assert(
      fc.property(workspace, allowance, (repositories, given) => {
        const ids = (list: readonly Watched[]) => planVisits(list, nowMs, given).map(({ id }) => id);

        expect(ids(repositories.toReversed())).toEqual(ids(repositories));
      }),
    );
  });

  it('gives what is open at least half, and what is quiet at least half of what it could use', () => {
    fc.assert(
      fc.property(workspace, fc.integer({ min: 1, max: 40 }), (repositories, most) => {
        const looks = planVisits(repositories, nowMs, { most, spare: 0 });

        const isUrgent = (one: Watched) => computeVisitInterval(one, nowMs) === 0;
        const isDue = (one: Watched) =>
          one.visitedMs === 0 || nowMs - one.visitedMs >= computeVisitInterval(one, nowMs);
        const urgent = repositories.filter(isUrgent).length;
        const others = repositories.filter((one) => !isUrgent(one) && isDue(one)).length;
        expect(looks.filter(isUrgent).length).toBeGreaterThanOrEqual(Math.min(urgent, Math.floor(most / 2)));
        expect(looks.filter((one) => !isUrgent(one)).length).toBeGreaterThanOrEqual(
          Math.min(others, Math.ceil(most / 2)),
        );
      }),
    );
  });

  it('looks at what an event told of before everything else', () => {
    fc.assert(
      fc.property(workspace, fc.integer({ min: 2, max: 40 }), (repositories, most) => {
        const looks = planVisits(repositories, nowMs, { most, spare: 0 });

        const told = repositories.filter(({ hintedMs }) => hintedMs !== undefined);
        const first = looks.slice(0, Math.min(told.length, Math.floor(most / 2)));
        expect(first.filter(({ hintedMs }) => hintedMs === undefined)).toEqual([]);
      }),
    );
  });

  it('starves nobody: whatever is open, each repository with pipelines has its turn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (open, quiet) => {
        const most = 2;
        const states = Array.from({ length: open + quiet }, (_, index) => ({
          id: String(index),
          visitedMs: nowMs - minuteMs,
          ranMs: nowMs - minuteMs,
          hotUntilMs: 0,
          open: { moving: index < open ? 1 : 0, held: 0 },
          pipelines: 'some' as const,
        }));
        const seen = new Set<string>();
        // One look a tick for each of the two groups, and the quiet ones are due after ten minutes.
        const ticks = 10 + 2 * (open + quiet);
        for (let tick = 1; tick <= ticks; tick += 1) {
          for (const one of planVisits(states, nowMs + tick * minuteMs, { most, spare: 0 })) {
            seen.add(one.id);
            one.visitedMs = nowMs + tick * minuteMs;
          }
        }
        expect(seen.size).toBe(open + quiet);
      }),
    );
  });
});

describe('the budget', () => {
  it('fits into every rolling hour, however greedy and irregular the ticks are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 60, max: 10_000 }),
        fc.array(fc.integer({ min: 5, max: 900 }), { minLength: 20, maxLength: 200 }),
        (perHour, gapsSeconds) => {
          const sent: { readonly atMs: number; readonly requests: number }[] = [];
          let saved: SavedRequests | undefined;
          let atMs = nowMs;
          for (const gap of gapsSeconds) {
            atMs += gap * 1000;
            const bucket = refill(saved, perHour, atMs);
            const requests = Math.floor(bucket.tokens);
            expect(requests).toBeLessThanOrEqual(computeRequestsPerWindow(perHour));
            sent.push({ atMs, requests });
            saved = { tokens: bucket.tokens - requests, atMs: bucket.atMs };
          }
          for (const { atMs: endMs } of sent) {
            const hour = sent.filter(({ atMs: at }) => at <= endMs && at > endMs - hourMs);
            expect(hour.reduce((sum, { requests }) => sum + requests, 0)).toBeLessThanOrEqual(perHour);
          }
        },
      ),
    );
  });
});

describe('the forecast', () => {
  it.each([
    [5, 1, 5],
    [50, 2, 10],
    [500, 3, 90],
  ])(
    'of %i repositories keeps open runs within %i min and everything within %i min',
    (size, openMinutes, anyMinutes) => {
      const { openMs, quietMs, used } = forecast(size, 1000);

      expect(openMs).toBeLessThanOrEqual(openMinutes * minuteMs);
      expect(quietMs).toBeLessThanOrEqual(anyMinutes * minuteMs);
      expect(used).toBeLessThanOrEqual(950);
    },
  );

  it('of 500 repositories shows a beginning or an end by a webhook within 5 min, where looks alone take 27', () => {
    const { recentMs, hintedMs } = forecast(500, 1000);

    expect(hintedMs).toBeLessThanOrEqual(5 * minuteMs);
    expect(recentMs).toBeGreaterThan(4 * hintedMs);
  });

  it('does not promise that a webhook makes requests: more events than these wait for their look', () => {
    expect(forecast(5000, 1000).hintedMs).toBeGreaterThan(60 * minuteMs);
    expect(forecast(5000, 10_000).hintedMs).toBeLessThanOrEqual(4 * minuteMs);
  });

  it('says what ten times the requests are worth', () => {
    expect(forecast(500, 10_000).quietMs).toBeLessThan(forecast(500, 1000).quietMs / 5);
  });

  it('of a workspace of any size is there in seconds: the work does not grow with its square', () => {
    const { openMs, recentMs, quietMs, hintedMs, used } = forecast(500_000, 1000);
    const large = forecast(5000, 1000);

    expect(quietMs).toBeGreaterThan(90 * large.quietMs);
    expect(quietMs).toBeLessThan(110 * large.quietMs);
    for (const ms of [recentMs, hintedMs]) expect(ms).toBeGreaterThan(50 * large.hintedMs);
    expect(openMs).toBe(large.openMs);
    expect(used).toBeLessThanOrEqual(950);
  }, 30_000);

  it('beyond what is played out comes close to what playing it out gave', () => {
    const { recentMs, quietMs, hintedMs } = forecast(10_000, 1000);

    // In minutes; played out, which took fourteen seconds.
    expect(quietMs / minuteMs / 1827).toBeCloseTo(1, 1);
    expect(hintedMs / minuteMs / 234).toBeCloseTo(1, 1);
    expect(recentMs / minuteMs).toBeGreaterThan(240);
    expect(recentMs / minuteMs).toBeLessThan(1.15 * 240);
  });

  it('is what the README shows', () => {
    const folder = join(import.meta.dirname, '../../lambda/sources/bitbucket-pipelines');
    const lines = readFileSync(join(folder, 'README.md'), 'utf8').split('\n');
    const cells = lines.map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

    const shown = cells
      .filter(([first = '']) => /^[\d,]+$/.test(first))
      .map(([size = '', ...ages]) => [size.replace(',', ''), ...ages]);

    expect(shown).toEqual(buildPlan(1000, undefined, 'workspace').rows.map((row) => row.slice(0, 5)));
  });
});
