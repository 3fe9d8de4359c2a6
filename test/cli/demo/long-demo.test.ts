/** The demo by a clock of its own, long and fast: the sources keep up with all simulated systems. */
import { expect, it } from 'vitest';
import { watchPipeline } from '../../../lambda/cli/collect/watch-pipeline.ts';
import { buildDemoConfig } from '../../../lambda/cli/demo/config.ts';
import { openSystems } from '../../../lambda/cli/demo/systems/open-systems.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { runsFinished } from '../../../lambda/model/catalogue/run-metrics.ts';
import { run } from '../../../lambda/run.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../../../lambda/wiring.ts';
import { recordingLog } from '../../support/recording-log.ts';

const startMs = Date.UTC(2026, 0, 5, 12);
const minuteMs = 60_000;

/** Runs that ended in so long a time of each system; far more than none, far less than most seeds give. */
const leastRuns = 100;

it.each([
  // What `demo` has without `--speed` (`settings.ts`), read less often: what a run reads again does not depend on it.
  { title: 'for an hour at its usual speed', speed: 10, everyMs: 2 * minuteMs, forMs: 60 * minuteMs },
  // An hour of simulated time between two runs is the most that `settings.ts` takes.
  { title: 'at its greatest speed', speed: 100, everyMs: 0.5 * minuteMs, forMs: 2.5 * minuteMs },
])('stays ok $title, and counts runs of every system', async ({ speed, everyMs, forMs }) => {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  await using opened = await openSystems({ seed: 1, speed, startMs }, clock);
  const { config, variables } = buildDemoConfig(opened.systems, {
    port: 0,
    pushUrl: undefined,
    remoteWriteUrl: undefined,
  });
  const stateStore = Promise.resolve(createMemoryStateStore());
  const built = await buildPipeline(config, {
    ...{ variables, clock, everyMs, log: recordingLog(), redactor: createRedactor(), stateStore: () => stateStore },
    ...{ runtime: 'terminal', random: () => 0.5, print: () => undefined },
  });
  let counted: Readonly<Record<string, number>> = {};
  const pipeline = watchPipeline(built.pipeline, {
    noteBatch: (batch) => {
      counted = countRuns(batch);
    },
  });

  const problems: string[] = [];
  for (; nowMs <= startMs + forMs; nowMs += everyMs) {
    using deadline = createDeadline(60_000, clock);
    const { sources, sinks } = await run(pipeline, { deadline, tickMs: nowMs });
    problems.push(...[...sources, ...sinks].flatMap((part) => part.problems.map(({ message }) => message)));
  }
  await built.close();

  expect(problems).toEqual([]);
  expect(Object.keys(counted)).toHaveLength(opened.systems.length);
  expect(Math.min(...Object.values(counted))).toBeGreaterThan(leastRuns);
});

/** Finished runs since the beginning, by the source that counted them. */
function countRuns({ sources }: Batch): Readonly<Record<string, number>> {
  return Object.fromEntries(
    sources.map(({ source, families }) => {
      const counters = families.flatMap((family) =>
        family.type === 'counter' && family.definition.name === runsFinished.name ? family.samples : [],
      );
      return [source, counters.reduce((sum, { total }) => sum + (total?.value ?? 0), 0)];
    }),
  );
}
