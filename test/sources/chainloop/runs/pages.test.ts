/** Lists whose pages repeat, skip, lead in a circle or are too many. */
import { describe, expect, it } from 'vitest';
import { type Page, readPages } from '../../../../lambda/sources/chainloop/runs/pages.ts';
import type { RunRecord, WorkflowRecord } from '../../../../lambda/demo/simulators/chainloop/records.ts';
import { nonZero, runOf, shopBuild, startMs, startOrganization, valuesOf } from '../harness.ts';

/** So many runs, of which those from one to another were created at the same time; the newest is the first of the list. */
function runsWithTies(count: number, from: number, to: number, more: { lasted?: number } = { lasted: 0.01 }) {
  return Array.from({ length: count }, (_, index): RunRecord => {
    const order = index >= from && index <= to ? from : index;
    return runOf(`run-${String(index).padStart(4, '0')}`, 0.9 - order / 10_000, more);
  });
}

describe('runs of equal time where two pages meet', () => {
  it('are found in a second reading, and count', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    organization.runs = runsWithTies(120, 95, 105);

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 120 });
  });

  it('are told when a second reading does not find them, and counted once they can be', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    const ties = runsWithTies(120, 0, 119);
    organization.runs = ties;
    const { problems } = await organization.tick();
    organization.runs = ties.map((run, index) => ({ ...run, createdMs: run.createdMs - index }));

    const { families, problems: later } = await organization.tick();

    expect(problems.map(({ kind, message }) => [kind, /leave out some where two meet/.test(message)])).toEqual([
      ['bad-response', true],
    ]);
    expect(later).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 120 });
  });

  it('that are open are not told as fewer than they are', async () => {
    await using organization = await startOrganization();
    organization.runs = runsWithTies(120, 0, 119, {});

    const { families, problems } = await organization.tick();

    expect(problems.some(({ message }) => /the pages of open runs leave out some/.test(message))).toBe(true);
    expect(families.some(({ definition }) => definition.name === 'ci_runs_active')).toBe(false);
  });
});

describe('workflows that the pages leave out', () => {
  it('are noticed by the number that the server tells, and are not forgotten', async () => {
    await using organization = await startOrganization();
    const others: readonly WorkflowRecord[] = Array.from({ length: 120 }, (_, index) => ({
      id: `w${String(index)}`,
      name: `w${String(index)}`,
      project: 'shop',
    }));
    // The second workflow stands for one that is hidden by a repeated one.
    organization.workflows = [shopBuild, shopBuild, ...others];

    const { problems } = await organization.tick();

    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the pages of workflows leave out some where two meet \(1 by their count\)/),
    ]);
  });
});

describe('a cursor that leads back', () => {
  const page = (key: string, next: string): Page<string, string> => ({ items: [key], unreadable: 0, next });

  it.each([
    ['to its own page', { start: 'a', a: 'a' }, ['start', 'a']],
    ['to a page before', { start: 'a', a: 'b', b: 'c', c: 'a' }, ['start', 'a', 'b', 'c']],
  ] as const)('%s does not end the list, and is not followed', async (_, nexts, items) => {
    const known: Readonly<Record<string, string>> = nexts;

    const pages = await readPages<string, string>({
      read: (cursor = 'start') => Promise.resolve(page(cursor, known[cursor] ?? '')),
      keyOf: (item) => item,
      maxPages: 20,
    });

    expect(pages).toMatchObject({ items, end: 'circle', lacking: 0 });
  });

  it('is a problem, and the runs behind it count once they can be reached', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    organization.runs = runsWithTies(120, 0, 0);
    organization.server.playScenario('circling cursor');
    const { problems } = await organization.tick();
    organization.server.playScenario('ok');

    const { families } = await organization.tick();

    expect(problems.map(({ kind, message }) => [kind, /leads back to a page/.test(message)])).toEqual([
      ['bad-response', true],
    ]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 120 });
  });
});

describe('a burst of more runs than may be read', () => {
  /** A page of 100 is too large for this, and is read as ten of 10: 100 pages are 1,000 runs. */
  const maxResponseBytes = 3000;

  it('is lost once, is told once and counts once, and the next runs count as ever', async () => {
    await using organization = await startOrganization({ maxResponseBytes });
    await organization.tick();
    const burst = Array.from({ length: 1100 }, (_, index) =>
      runOf(`burst-${String(index)}`, 0.1 + index / 10_000, { lasted: 0.01 }),
    );
    organization.runs = burst;
    const first = await organization.tick();
    organization.runs = [...burst, runOf('later', 1.6, { lasted: 0.1 })];

    const second = await organization.tick();

    const lost = [first, second].map(({ families }) =>
      nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error'])),
    );
    expect(lost).toEqual([{ 'collector window too large': 1 }, { 'collector window too large': 1 }]);
    expect([first, second].map(({ problems }) => problems.length)).toEqual([1, 0]);
    expect(nonZero(valuesOf(second.families, 'ci_runs_total', ['result']))).toEqual({ success: 1001 });
  });

  it('that hides runs which were open loses them once, although they are out of reach for ever', async () => {
    await using organization = await startOrganization({ maxResponseBytes });
    organization.runs = [runOf('slow', -1)];
    await organization.tick();
    const burst = Array.from({ length: 1100 }, (_, index) =>
      runOf(`burst-${String(index)}`, 0.1 + index / 10_000, { lasted: 0.01 }),
    );
    organization.runs = [runOf('slow', -1, { lasted: 1.5 }), ...burst];
    for (let count = 0; count < 3; count += 1) await organization.tick();

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_system_errors_total', ['component', 'error']))).toEqual({
      'collector window too large': 1,
      'run lost': 1,
    });
    expect(organization.now).toBeGreaterThan(startMs);
  }, 60_000);
});
