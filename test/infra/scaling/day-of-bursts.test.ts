/** Tests of a day of bursts: what the synthesised alarms and policies make people wait, end and pay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDay } from './jobs.ts';
import { type AlarmScaling, scaleByAlarms, scaleByVendorsRules } from './scaled-by-alarms.ts';
import { type DayResult, simulateDay } from './simulate-day.ts';
import type { Leaving } from './simulated-group.ts';

const root = join(import.meta.dirname, '../../..');

/** The template that scale.test.ts holds to what is synthesised. */
const template = readFileSync(join(root, 'test/fixtures/infra/scaling/agents.json'), 'utf8');

const minute = { template, groupId: 'Protected', queue: 'default', intervalSeconds: 60 };
const tenSeconds = { template, groupId: 'Drained', queue: 'deploy', intervalSeconds: 10 };

const agents = 2;
const bootSeconds = 120;
const jobs = makeDay();
const hour = 3600;

function play(leaving: Leaving, scaling: AlarmScaling | 'vendor', max = 45): DayResult {
  const scaler = scaling === 'vendor' ? scaleByVendorsRules(agents) : scaleByAlarms(scaling);
  return simulateDay(jobs, { max, agents, bootSeconds, leaving }, scaler);
}

/** Alarms of a minute need their minute, the one before the next poll, and the one until they are evaluated. */
const days: readonly (readonly [string, number, () => DayResult])[] = [
  ['alarms of a minute, protected', 180, () => play('protected', minute)],
  ['alarms of 10 seconds, protected', 120, () => play('protected', tenSeconds)],
  ['alarms of 10 seconds, drained', 120, () => play('drained', tenSeconds)],
];
const results = new Map(days.map(([name, , run]) => [name, run()]));
const vendors = play('by-themselves', 'vendor');

describe.each(days)('a day of bursts with %s', (name, beyondBoot) => {
  const result = results.get(name);

  it(`lets nobody wait longer than the boot and ${String(beyondBoot)} seconds`, () => {
    expect(result?.notStarted).toBe(0);
    expect(result?.longestWait).toBeLessThanOrEqual(bootSeconds + beyondBoot);
  });

  it('ends no busy instance, and has none at night', () => {
    expect(result?.endedBusy).toBe(0);
    expect(result?.sizes.slice(0, 7 * hour).every((size) => size === 0)).toBe(true);
    expect(result?.sizes.slice(19 * hour).every((size) => size === 0)).toBe(true);
    expect(Math.max(...(result?.sizes ?? []))).toBeGreaterThan(20);
  });
});

describe('without figures', () => {
  const from = 13 * hour;
  const to = 14 * hour;
  const silent = (now: number): boolean => now >= from && now < to;

  it.each([
    ['a dead collector', minute, silent],
    ['a dead collector with alarms of 10 seconds', tenSeconds, silent],
    ['a collector that tells half', minute, (now: number, name: string) => silent(now) && name === 'RunningJobsCount'],
  ])('%s changes nothing', (_, scaling, isLost) => {
    const { desired, endedBusy } = play('drained', { ...scaling, isLost });
    // What was told before is looked at for as long as CloudWatch's evaluation range.
    const held = desired.slice(from + 5 * 60, to);

    expect(new Set(held)).toEqual(new Set([desired[from + 5 * 60]]));
    expect(held[0]).toBeGreaterThan(0);
    expect(endedBusy).toBe(0);
  });
});

describe('the table of docs/scaling-agents.md', () => {
  it('has what the same day gave', () => {
    const rows = [...results, ['the vendor’s scaler with its stack’s defaults', vendors] as const];
    const text = readFileSync(join(root, 'docs/scaling-agents.md'), 'utf8').replaceAll(/ +/g, ' ');

    for (const [name, result] of rows) expect(text).toContain(describeRow(name, result));
  });
});

function describeRow(name: string, { longestWait, meanWait, instanceHours, endedBusy }: DayResult): string {
  const cells = [name, `${String(longestWait)} s`, `${meanWait.toFixed(0)} s`, instanceHours.toFixed(0), endedBusy];
  return `| ${cells.join(' | ')} |`;
}
