/** Tests of re-runs, which overwrite the run that they repeat: each attempt is counted once. */
import { describe, expect, it } from 'vitest';
import { type Routed, routeRequest } from '../../../../lambda/demo/simulators/bitbucket/routes.ts';
import type { TimedRun } from '../../../../lambda/demo/simulators/bitbucket/timeline.ts';
import { minuteMs, opened, type Opened, run, secondMs, startMs } from '../opened.ts';

/** Hours of minutes over loopback; no statement about speed. */
const timeout = 300_000;

const at = (minutes: number): number => startMs + minutes * minuteMs;

function ended(uuid: string, number: number, minute: number, more: Partial<TimedRun> = {}): TimedRun {
  const endMs = at(minute) + 30 * secondMs;
  return run(at(minute), [{ startMs: at(minute) + 10 * secondMs, endMs }], { uuid, number, endMs, ...more });
}

async function ticks(bitbucket: Opened, minutes: number): Promise<Readonly<Record<string, number>>> {
  let counted = {};
  for (let minute = 0; minute < minutes; minute += 1)
    counted = (await bitbucket.tick()).values('ci_runs_total', 'attempt', 'result');
  return counted;
}

/** Sixty runs after an old one, which is then on the second page of a list by creation. */
async function oldRunUnder(instead?: (url: URL, bitbucket: Opened) => Routed | undefined): Promise<Opened> {
  const held: { bitbucket?: Opened } = {};
  const bitbucket = await opened({
    settings: { runners: { workspace: 'leave' } },
    instead: (url) => (held.bitbucket === undefined ? undefined : instead?.(url, held.bitbucket)),
  });
  held.bitbucket = bitbucket;
  await bitbucket.tick();
  bitbucket.workspace.add('shop', ended('{old}', 1, 2));
  for (let index = 0; index < 60; index += 1)
    bitbucket.workspace.add('shop', ended(`{run-${String(index)}}`, index + 2, 3 + index / 60));
  await ticks(bitbucket, 40);
  return bitbucket;
}

function rerunOld(bitbucket: Opened): void {
  const minute = (bitbucket.now() - startMs) / minuteMs + 1;
  const again = { attempt: 2, createdMs: at(2), rerunMs: at(minute) };
  bitbucket.workspace.add('shop', ended('{old}', 1, minute, again));
}

describe('a re-run of a run that a list by creation shows on its second page', { timeout }, () => {
  it('ends twice and counts twice', async () => {
    await using bitbucket = await oldRunUnder();

    rerunOld(bitbucket);
    const counted = await ticks(bitbucket, 30);

    expect(counted).toMatchObject({ 'first success': 61, 'retry success': 1 });
  });

  it.each([
    ['refused', (): Routed => ({ status: 400, error: 'Invalid sort' })],
    [
      'ignored',
      (url: URL, { workspace, now }: Opened): Routed => {
        const plain = new URL(url);
        plain.searchParams.delete('sort');
        return routeRequest(plain, workspace, { nowMs: now(), isWorkShown: false });
      },
    ],
  ])('costs nothing else where its order is %s: one request a day', async (_, answer) => {
    await using bitbucket = await oldRunUnder((url, made) =>
      url.searchParams.get('sort') === '-run_creation_date' ? answer(url, made) : undefined,
    );
    const problems = (await bitbucket.tick()).problems;
    const asked = bitbucket.server.requests.filter(({ path }) => path.includes('sort=-run_creation_date'));

    expect(problems).toEqual([]);
    // A list without runs, the very first one, shows nothing of its order.
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(await ticks(bitbucket, 1)).toMatchObject({ 'first success': 61 });
  });
});

describe('a run that ended and was run again between two looks', { timeout }, () => {
  it.each([
    ['read' as const, 'first failure'],
    ['leave' as const, 'first other'],
  ])('counts twice, with steps: %s its first end as %s', async (steps, first) => {
    await using bitbucket = await opened({ settings: { steps, runners: { workspace: 'leave' } } });
    await bitbucket.tick();
    const failed = { attempt: 1, startMs: at(2), endMs: at(3), result: 'FAILED' as const };
    const again = { startMs: at(5), endMs: at(6) };
    bitbucket.workspace.add('shop', run(at(2), [failed, again], { attempt: 2, rerunMs: at(4), endMs: at(6) }));

    const counted = await ticks(bitbucket, 30);

    expect(counted).toMatchObject({ [first]: 1, 'retry success': 1 });
    const jobs = (await bitbucket.tick()).values('ci_jobs_total', 'result');
    expect(jobs).toEqual(steps === 'read' ? { failure: 1, success: 1 } : {});
  });
});

describe('open runs that the first page no longer shows', { timeout }, () => {
  function openRun(index: number): TimedRun {
    return run(at(2), [{ startMs: at(2) }], { uuid: `{open-${String(index)}}`, number: index + 1 });
  }

  async function underOthers(instead?: (url: URL) => Routed | undefined): Promise<Opened> {
    const settings = { steps: 'leave', runners: { workspace: 'leave' } };
    const bitbucket = await opened({ settings, ...(instead === undefined ? {} : { instead }) });
    await bitbucket.tick();
    for (let index = 0; index < 6; index += 1) bitbucket.workspace.add('shop', openRun(index));
    await ticks(bitbucket, 10);
    for (let index = 0; index < 60; index += 1)
      bitbucket.workspace.add('shop', ended(`{run-${String(index)}}`, index + 10, 12 + index / 60));
    // Until the runs above them are too old to be read again.
    await ticks(bitbucket, 25);
    return bitbucket;
  }

  const single = /\/pipelines\/%7B/;

  it('are all seen by one request for each look, and asked for by themselves once they have ended', async () => {
    await using bitbucket = await underOthers();
    const before = bitbucket.server.requests.length;
    await ticks(bitbucket, 10);
    const asked = bitbucket.server.requests.slice(before).map(({ path }) => path);

    expect(asked.filter((path) => path.includes('status=BUILDING'))).toHaveLength(10);
    expect(asked.filter((path) => single.test(path))).toEqual([]);

    for (let index = 0; index < 6; index += 1)
      bitbucket.workspace.add('shop', { ...openRun(index), endMs: bitbucket.now() + secondMs });
    expect(await ticks(bitbucket, 3)).toMatchObject({ 'first success': 66 });
  });

  it('are asked for one by one where the filter is ignored, which is tried once a day', async () => {
    await using bitbucket = await underOthers((url) =>
      url.searchParams.has('status')
        ? { body: { values: [{ uuid: '{x}', build_number: 1, created_on: '2026-01-05T09:00:00Z', state: completed }] } }
        : undefined,
    );
    await ticks(bitbucket, 10);
    const asked = bitbucket.server.requests.map(({ path }) => path);

    expect(asked.filter((path) => path.includes('status='))).toHaveLength(1);
    expect(asked.filter((path) => single.test(path)).length).toBeGreaterThan(10);
  });

  it('are asked for one by one, too, where the filter leaves some of them out', async () => {
    await using bitbucket = await underOthers((url) =>
      url.searchParams.has('status') ? { body: { values: [] } } : undefined,
    );
    await ticks(bitbucket, 10);
    const asked = bitbucket.server.requests.map(({ path }) => path);

    expect(asked.filter((path) => path.includes('status='))).toHaveLength(1);
    expect((await bitbucket.tick()).values('ci_runs_active', 'state')).toEqual({
      pending: 0,
      executing: 6,
      waiting: 0,
    });
  });

  it('at the installation are found wherever they stand', async () => {
    await using bitbucket = await opened({ settings: { runners: { workspace: 'leave' } } });
    const waiting = run(at(-60), [{ startMs: at(-60), endMs: at(-59) }, { trigger: 'manual' }], { uuid: '{held}' });
    bitbucket.workspace.add('shop', waiting);
    for (let index = 0; index < 150; index += 1)
      bitbucket.workspace.add('shop', ended(`{run-${String(index)}}`, index + 10, -30 + index / 60));

    const { values } = await bitbucket.tick();

    expect(values('ci_runs_active', 'pipeline', 'state')).toMatchObject({ 'branches waiting': 1 });
  });
});

const completed = { name: 'COMPLETED', result: { name: 'SUCCESSFUL' } };
