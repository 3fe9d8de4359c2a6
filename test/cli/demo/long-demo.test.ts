/** An hour of the demo by a clock of its own: the source keeps up with the simulated fleet. */
import { afterEach, expect, it } from 'vitest';
import { demoLimits } from '../../../lambda/cli/demo/config.ts';
import { createFleet } from '../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { buildkiteSource } from '../../sources/buildkite/harness.ts';

const closing: (() => PromiseLike<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What `demo` has without `--speed` (`settings.ts`). */
const usualSpeed = 10;

it('stays ok for an hour at its usual speed', async () => {
  const startMs = Date.UTC(2026, 0, 5, 12);
  let nowMs = startMs;
  const clock = (): number => nowMs;
  const fleet = createFleet({ seed: 1, startMs, speed: usualSpeed });
  const server = await startBuildkiteServer({ fleet, clock, pollSeconds: 0, ...demoLimits });
  closing.push(() => server.close());
  const { restEndpoint, graphqlEndpoint } = server;
  const source = buildkiteSource(
    { restEndpoint, graphqlEndpoint, apiToken: { env: 'API' }, organization: fleet.organization, ...demoLimits },
    { variables: { API: fleet.apiToken }, clock },
  );
  closing.push(() => source[Symbol.asyncDispose]());

  const problems: string[] = [];
  // Less often than the demo: what a run reads again does not depend on it, and the test takes less time.
  for (; nowMs <= startMs + 3_600_000; nowMs += 120_000) {
    const run = await source.count(60_000);
    problems.push(...run.problems.map(({ message }) => message));
  }

  expect(problems).toEqual([]);
});
