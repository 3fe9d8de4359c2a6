/** Tests of how a run leaves the set of open runs, and of the limit of that set. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import type { Stream } from '../../../lambda/counters/ledger.ts';
import { systemErrors } from '../../../lambda/model/catalogue/run-metrics.ts';
import { builds, minuteMs, quiet, rig, saw, sumOf, type Tell } from '../rig.ts';

const dayMinutes = 24 * 60;

const opens: Tell = ({ ledger }) => {
  ledger.noteOpen(builds, 'a');
  ledger.noteComplete(builds);
  return [];
};

const misses: Tell = ({ ledger }) => {
  ledger.noteMissing(builds, 'a');
  ledger.noteComplete(builds);
  return [];
};

function timely(tell: Tell): Tell {
  return (told) => {
    told.ledger.noteVendorTime(told.ledger.tickMs);
    return tell(told);
  };
}

const shortLived: Stream = { ...builds, openForMs: 30 * minuteMs };
const other: Stream = { name: 'other' };

/** Every way out, as docs/counting.md lists them: what happens, and whether the run is counted as lost for it. */
const ways: readonly { readonly way: string; readonly then: readonly [number, Tell][]; readonly lost: 0 | 1 }[] = [
  { way: 'it is seen to have ended', then: [[1, saw(['a', 0.5])]], lost: 0 },
  {
    way: 'the vendor does not know it in three ticks in a row',
    then: [
      [1, misses],
      [2, misses],
      [3, misses],
    ],
    lost: 1,
  },
  {
    way: 'it is open for longer than any run may be',
    then: [
      [
        31,
        ({ ledger }) => {
          ledger.noteComplete(shortLived);
          return [];
        },
      ],
    ],
    lost: 1,
  },
  {
    way: 'its source forgets it, because it waits for a person or is no longer selected',
    then: [
      [
        1,
        ({ ledger }) => {
          ledger.forget(builds, 'a');
          ledger.noteComplete(builds);
          return [];
        },
      ],
    ],
    lost: 0,
  },
  {
    way: 'the vendor has deleted the place where it ran',
    then: [
      [
        1,
        ({ ledger }) => {
          ledger.noteComplete(builds);
          ledger.dropStream(builds.name, 'gone');
          return [];
        },
      ],
    ],
    lost: 1,
  },
  {
    way: 'the place where it ran is no longer selected',
    then: [
      [
        1,
        ({ ledger }) => {
          ledger.noteComplete(builds);
          ledger.dropStream(builds.name, 'unselected');
          return [];
        },
      ],
    ],
    lost: 0,
  },
  {
    way: 'nobody has asked for its list for 60 days',
    then: [
      [
        61 * dayMinutes,
        timely(({ ledger }) => {
          ledger.noteComplete(other);
          return [];
        }),
      ],
    ],
    lost: 1,
  },
  {
    way: 'more runs are open than can be remembered',
    then: [
      [
        1,
        ({ ledger }) => {
          for (let run = 0; run < 50_000; run += 1) ledger.noteOpen(builds, `run ${String(run)}`);
          ledger.noteComplete(builds);
          return [];
        },
      ],
    ],
    lost: 1,
  },
];

function lostIn(counted: CountedTick): number | undefined {
  return sumOf(counted, systemErrors.name, { error: 'lost' })?.total;
}

describe('an open run leaves the open set when', () => {
  it.each(ways)('$way (lost: $lost)', async ({ then, lost }) => {
    const { tick } = rig();
    await tick(0, opens);

    let last: CountedTick | undefined;
    for (const [at, tell] of then) last = await tick(at, tell);
    const [at = 0] = then.at(-1) ?? [];
    let open: readonly string[] = [];
    const after = await tick(at + 1, (told) => {
      open = told.ledger.recallStreams().includes(builds.name)
        ? told.ledger.recallOpen(builds).map(({ id }) => id)
        : [];
      return quiet(told);
    });

    expect(open).not.toContain('a');
    expect(last === undefined ? undefined : lostIn(last)).toBe(lost);
    // Once, and not in every tick from then on.
    expect(lostIn(after)).toBe(lost);
  });

  it.each([
    [
      'was lost',
      ({ ledger }) => {
        ledger.noteComplete(shortLived);
        return [];
      },
    ],
    [
      'was forgotten',
      ({ ledger }) => {
        ledger.forget(builds, 'a');
        ledger.noteComplete(builds);
        return [];
      },
    ],
  ] as const satisfies readonly (readonly [string, Tell])[])(
    'it %s, and counts when it ends all the same',
    async (_way, tell) => {
      const { tick } = rig();
      await tick(0, opens);
      await tick(31, tell);

      expect(sumOf(await tick(32, saw(['a', 31.5])))).toEqual({ increase: 1, total: 1 });
    },
  );
});

describe('what is too much to be remembered', () => {
  it('is told, counted, and found no more often than once', async () => {
    const { tick } = rig();
    await tick(0, opens);
    const many: Tell = ({ ledger }) => {
      for (let run = 0; run < 50_010; run += 1) ledger.noteOpen(builds, `run ${String(run)}`);
      ledger.noteComplete(builds);
      return [];
    };

    const first = await tick(1, many);
    const again = await tick(2, many);

    expect(first.outcome === 'counted' && first.figures).toMatchObject({ openRuns: 50_000, runsLost: 11, fellOut: 11 });
    expect(sumOf(first, systemErrors.name, { error: 'memory full' })?.total).toBe(11);
    expect(first.outcome === 'counted' && first.collection.problems).toMatchObject([
      { kind: 'configuration', where: 'test/main state' },
    ]);
    expect(again.outcome === 'counted' && again.figures).toMatchObject({ openRuns: 50_000, runsLost: 0, fellOut: 0 });
  });

  it('of counted finishes is the oldest of them', async () => {
    const { tick, body } = rig();
    await tick(0, quiet);
    const first = await tick(1, ({ ledger, finished }) => {
      for (let run = 0; run < 100_000; run += 1) finished(`early ${String(run)}`, 0.5);
      ledger.notePartial(builds);
      return [];
    });
    const second = await tick(2, ({ ledger, finished }) => {
      for (let run = 0; run < 100_007; run += 1) finished(`late ${String(run)}`, 1.5);
      ledger.notePartial(builds);
      return [];
    });

    expect(first.outcome === 'counted' && first.figures.fellOut).toBe(0);
    expect(second.outcome === 'counted' && second.figures).toMatchObject({ fellOut: 7, runsLost: 0 });
    expect(sumOf(second)?.total).toBe(200_007);
    expect((await body())?.length).toBeLessThan(8_000_000);
  });

  it('of a source keeps what it wrote last', async () => {
    const { tick } = rig();
    await tick(0, ({ ledger }) => {
      ledger.remember('places', 'few');
      ledger.noteComplete(builds);
      return [];
    });

    const counted = await tick(1, ({ ledger }) => {
      ledger.remember('places', 'x'.repeat(5_000_000));
      ledger.noteComplete(builds);
      return [];
    });

    expect(counted.outcome === 'counted' && counted.figures.fellOut).toBe(1);
    await tick(2, ({ ledger }) => {
      expect(ledger.recall('places', z.string())).toBe('few');
      return [];
    });
  });
});
