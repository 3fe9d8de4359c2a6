/** One deployment writes to every backend there is, and each answers the same questions as Buildkite itself would. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Day, type Heard, kindsOfFault, liveOneDay } from './agreement/day.ts';
import { type Answer, longWaitSeconds, percentile } from './agreement/readers.ts';
import { members } from './agreement/members.ts';
import type { ReceivedRequest, ReceivedValue } from './sinks/facts.ts';

/** On a machine that does much else besides. */
const dayMs = 300_000;

let day: Day;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  day = await liveOneDay(members, (name, value) => {
    vi.stubEnv(name, value);
  });
}, dayMs);

afterAll(() => {
  vi.unstubAllEnvs();
});

function storedIn(requests: readonly ReceivedRequest[]): readonly ReceivedValue[] {
  return requests.flatMap(({ stored }) => stored);
}

/** What was stored, and what a backend with a fault of its own did not store, which must not come a second time. */
function sentOnceIn(requests: readonly ReceivedRequest[]): readonly ReceivedValue[] {
  return requests.flatMap(({ values, stored, fault }) => (fault === 'broken' ? values : stored));
}

/** Values of which the sender was not told whether they are stored. */
function unconfirmedIn(requests: readonly ReceivedRequest[]): readonly ReceivedValue[] {
  return requests
    .filter(({ fault }) => fault === 'broken' || fault === 'answer lost')
    .flatMap(({ values }) => values.filter(({ kind }) => kind === 'increase' || kind === 'observations'));
}

function heardBy(name: string, moment: 'down' | 'last' | 'after'): Heard {
  return day[moment].heard[name] ?? { all: [], latest: [] };
}

function expectAnswer(answer: Answer, truth: number | undefined): void {
  if (typeof answer !== 'object') {
    expect(answer).toBe(truth);
    return;
  }
  expect(truth).toBeGreaterThan(answer.above);
  expect(truth).toBeLessThanOrEqual(answer.upTo);
}

const total = (numbers: readonly (number | undefined)[]): number => numbers.reduce<number>((all, n = 0) => all + n, 0);

it('is a day with work, waits, failures of every kind and an end', () => {
  const { last, ends, failedRuns, faults } = day;

  for (const level of Object.values(last.levels)) expect(level).toBeGreaterThan(0);
  expect(day.after.levels).toMatchObject({ queued: 0, running: 0 });
  expect(ends.buildsFailed).toBeGreaterThan(20);
  expect(ends.waits.filter((seconds) => seconds > longWaitSeconds).length).toBeGreaterThan(20);
  expect(failedRuns).toBeGreaterThan(0);
  expect(faults).toBeGreaterThan(10);
});

describe.each(members)('$name', ({ name, kind, facts, reader, cannot, says }) => {
  it('shows the levels of now: queued, running, idle, the oldest wait, and that the source is up', () => {
    const { queued, running, idle, oldestWaitSeconds } = day.last.levels;
    const levels = reader.levels(storedIn(heardBy(name, 'last').latest));

    expect(levels).toEqual({ queued, running, idle, oldestWaitSeconds, sourceUp: 1 });
  });

  it('shows that the source is down, and no level of it', () => {
    const levels = reader.levels(storedIn(heardBy(name, 'down').latest));

    expect(levels).toEqual({ sourceUp: 0 });
  });

  it('shows what ended today, each build and job once', () => {
    const { buildsFailed, buildsPassed, jobs, waits } = day.ends;
    const answers = reader.day(sentOnceIn(heardBy(name, 'after').all));

    expect(answers).toMatchObject({ buildsFailed, buildsPassed, jobs });
    expect(Object.entries(answers).flatMap(([question, answer]) => (answer === undefined ? [question] : []))).toEqual(
      cannot,
    );
    if (!cannot.includes('waitP95')) expectAnswer(answers.waitP95, percentile(waits, 0.95));
    const long = waits.filter((seconds) => seconds > longWaitSeconds).length;
    if (!cannot.includes('longWaits')) expectAnswer(answers.longWaits, long);
  });

  it('tells exactly what it may be short of', () => {
    const { all } = heardBy(name, 'after');
    const told = day.told[name] ?? [];
    const expected = facts.takes === 'increases' ? unconfirmedIn(all).length : 0;

    expect(total(told.map(({ unconfirmed }) => unconfirmed))).toBe(expected);
    expect(total(told.map(({ dropped }) => dropped))).toBe(0);
    expect(told.at(-1)?.pending ?? 0).toBe(0);
    if (facts.takes === 'totals') expect(reader.day(storedIn(all))).toEqual(reader.day(sentOnceIn(all)));
  });

  it.runIf(facts.answers === 'request')('has failed in each way', () => {
    const met = heardBy(name, 'after').all.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));

    expect(new Set(met)).toEqual(new Set(kindsOfFault));
  });

  it('has what it tells less well in its README', async () => {
    const readme = await readFile(new URL(`../../lambda/sinks/${kind}/README.md`, import.meta.url), 'utf8');
    const [, section = ''] = readme.split('\n## Ten questions\n');
    const [own = ''] = section.split('\n## ');

    for (const line of says) expect(own).toContain(line);
  });
});
