/** Tests that hostile names of queues, pipelines and repositories harm no neighbour, no log and no screen. */
import { describe, expect, it } from 'vitest';
import { sources } from '../../lambda/sources/index.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import {
  echoedBeginning,
  goodName,
  hostileSubjects,
  inheritedNames,
  longNames,
  oddBeginning,
} from './hostile-servers.ts';
import { contractPipeline } from './pipeline.ts';

const budgetMs = 60_000;

/** Written out here, so that a hole in the collector's own list is seen. Line feeds end the lines of a page. */
const acting =
  // eslint-disable-next-line no-control-regex -- these are what it is about
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe.each(sources.map(({ kind }) => kind))('names from %s', (kind) => {
  it('reach every sink and every line without what acts on them, and none costs its neighbours', async () => {
    const subject = hostileSubjects[kind];
    let nowMs = Date.UTC(2026, 10, 21, 12);
    const clock = (): number => nowMs;
    await using server = await startLoopbackServer(subject.server(clock));
    const config = {
      sources: [subject.config(server.url)],
      sinks: [{ kind: 'stdout' }],
      counting: { finishedRuns: 'log' },
    };
    await using pipeline = await contractPipeline(config, { clock });

    const reports = [];
    for (let run = 0; run < 3; run += 1) {
      reports.push(await pipeline.run(budgetMs));
      nowMs += 60_000;
    }

    const { printed, lines } = pipeline.said();
    const problems = reports.flatMap((report) => [...report.sources, ...report.sinks].flatMap((part) => part.problems));
    expect(problems.filter(({ kind: of }) => of === 'bug')).toEqual([]);
    const values = [...(printed.at(-1) ?? '').matchAll(/[a-z_]+="((?:[^"\\]|\\.)*)"/gu)].map(([, value = '']) => value);
    expect(values).toContain(goodName);
    expect(values).toEqual(expect.arrayContaining([...inheritedNames]));
    expect(values.filter((value) => value.startsWith(oddBeginning))).not.toEqual([]);
    const long = longNames[0].slice(0, 100);
    expect(new Set(values.filter((value) => value.startsWith(long))).size).toBeGreaterThanOrEqual(longNames.length);
    for (const text of [...printed, ...textsIn(problems), ...textsIn(lines.filter(isFinishedRun))]) {
      expect(text).not.toMatch(acting);
      expect(text.isWellFormed()).toBe(true);
    }
    expect(values.filter((value) => value.startsWith(echoedBeginning))).not.toEqual([]);
    expectNoCanary([printed, lines, problems, pipeline.kept()]);
    for (const text of [...printed, ...pipeline.kept()]) expect(text).not.toContain(canaries.token.slice(0, 8));
    // Another system's series keep their line feeds, which the page escapes.
    expect(kind === 'prometheus' ? [] : values.filter((value) => value.includes('\\n'))).toEqual([]);
  });
});

function isFinishedRun({ message }: { readonly message: string }): boolean {
  return message === 'finished run';
}

/** All texts in a value, names of fields included. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name, ...textsIn(item)]);
}
