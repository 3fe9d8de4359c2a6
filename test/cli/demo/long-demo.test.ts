/** An hour of the demo by a clock of its own: the sources keep up with all simulated systems. */
import { expect, it } from 'vitest';
import { watchPipeline } from '../../../lambda/cli/collect/watch-pipeline.ts';
import { buildDemoConfig } from '../../../lambda/cli/demo/config.ts';
import { openSystems } from '../../../lambda/cli/demo/systems/open-systems.ts';
import { mapQueueRows, type QueueRow } from '../../../lambda/model/figures/queue-rows.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { runsFinished } from '../../../lambda/model/catalogue/run-metrics.ts';
import { run } from '../../../lambda/run.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../../../lambda/wiring.ts';
import { recordingLog } from '../../support/recording-log.ts';

/** What `demo` has without `--speed` (`settings.ts`). */
const usualSpeed = 10;

const startMs = Date.UTC(2026, 0, 5, 12);
const hourMs = 3_600_000;

/** Less often than the demo: what a run reads again does not depend on it, and the test takes less time. */
const everyMs = 120_000;

const longestRunMs = 600_000;

/** Runs that ended in an hour of each system at ten times its pace; far more than none, far less than most seeds give. */
const leastRuns = 100;

it('stays ok for an hour at its usual speed, and counts runs of every system', async () => {
  const { problems, batch, systems } = await liveDemo({ seed: 1, forMs: hourMs });

  expect(problems).toEqual([]);
  const counted = countRuns(batch);
  expect(Object.keys(counted)).toHaveLength(systems);
  expect(Math.min(...Object.values(counted))).toBeGreaterThan(leastRuns);
});

it('shows the same figures for the same seed and others for another', async () => {
  const show = async (seed: number): Promise<readonly QueueRow[]> =>
    mapQueueRows((await liveDemo({ seed, forMs: 0 })).batch);
  const [first, again, other] = [await show(1), await show(1), await show(2)];

  expect(first.length).toBeGreaterThan(10);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

interface Lived {
  readonly problems: readonly string[];
  /** Of the last run. */
  readonly batch: Batch;
  readonly systems: number;
}

/** The whole demo by a clock of its own: one run at once, and the others until the time is over. */
async function liveDemo({ seed, forMs }: { readonly seed: number; readonly forMs: number }): Promise<Lived> {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  await using opened = await openSystems({ seed, speed: usualSpeed, startMs }, clock);
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
  const batches: Batch[] = [];
  const pipeline = watchPipeline(built.pipeline, { noteBatch: (batch) => batches.splice(0, 1, batch) });
  const problems: string[] = [];
  for (; nowMs <= startMs + forMs; nowMs += everyMs) {
    // Timers count real time: a busy machine is no problem of the demo.
    using deadline = createDeadline(longestRunMs, clock);
    const { sources, sinks } = await run(pipeline, { deadline, tickMs: nowMs });
    problems.push(...[...sources, ...sinks].flatMap((part) => part.problems.map(({ message }) => message)));
  }
  await built.close();
  const [batch] = batches;
  if (batch === undefined) throw new TypeError('the demo has collected nothing');
  return { problems, batch, systems: opened.systems.length };
}

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
