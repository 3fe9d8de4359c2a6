/** Tests of counting with very many open runs in the state. */
import { expect, it } from 'vitest';
import * as z from 'zod';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { minuteMs, nonZero, runOf, startMs, startOrganization, valuesOf } from '../harness.ts';

const id = 'chainloop/main';

const State = z.looseObject({ streams: z.object({ runs: z.looseObject({ open: z.array(z.unknown()) }) }) });

it('goes on counting with more open runs in its memory than a call can have arguments', async () => {
  const store = createMemoryStateStore();
  await using organization = await startOrganization({ store });
  await organization.tick();
  const { signal } = new AbortController();
  const { body = '', version = 0 } = (await store.load(id, signal)) ?? {};
  const state = State.parse(JSON.parse(body));
  const note = String(startMs - minuteMs);
  state.streams.runs.open = Array.from({ length: 150_000 }, (_, run) => [`r${String(run)}`, startMs, startMs, 0, note]);
  await store.save(id, { body: JSON.stringify(state), before: version }, signal);
  // Two pages, because after each of them it is asked whether an older one is needed.
  const created = (run: number): number => 0.2 + run / 1000;
  organization.runs = Array.from({ length: 150 }, (_, run) =>
    runOf(`new-${String(run)}`, created(run), { lasted: 0.3 }),
  );

  const { families } = await organization.tick();

  expect(nonZero(valuesOf(families, 'ci_runs_total', ['pipeline', 'result']))).toEqual({ 'build success': 150 });
});
