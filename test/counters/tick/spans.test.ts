/** Runs and jobs that ended are handed on as spans: only where a sink takes them, once, and after they were saved. */
import { expect, it } from 'vitest';
import type { Finish } from '../../../lambda/counters/finish.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import type { Span } from '../../../lambda/model/span.ts';
import { builds, finishOf, minuteMs, quiet, rig, startMs, type Tell } from '../rig.ts';

const span: Span = {
  ...{ is: 'run', run: 'one', pipeline: 'web', scope: 'acme', result: 'success' },
  ...{ startMs: startMs + minuteMs, endMs: startMs + 2 * minuteMs, branch: 'main' },
};

function finishWith(spans: readonly Span[], endMs = startMs + 2 * minuteMs): Finish {
  return { ...finishOf('one', endMs), spans };
}

function telling(finish: Finish): Tell {
  return ({ ledger }) => {
    ledger.openWindow(builds);
    ledger.countFinish(builds, 'one', finish);
    ledger.noteComplete(builds);
    return undefined;
  };
}

const tell = telling(finishWith([span]));

function spansOf(counted: CountedTick): readonly Span[] | string {
  return counted.outcome === 'counted' ? counted.spans : counted.outcome;
}

it('are those of what counts, each once', async () => {
  const { tick } = rig({ spans: 'keep' });
  await tick(0, quiet);

  expect(spansOf(await tick(3, tell))).toEqual([span]);
  expect(spansOf(await tick(3, tell))).toBe('skipped');
  expect(spansOf(await tick(4, tell))).toEqual([]);
});

it('are kept by nobody who was not asked to', async () => {
  const { tick } = rig();
  await tick(0, quiet);

  expect(spansOf(await tick(3, tell))).toEqual([]);
});

it('are none of what ended before the installation', async () => {
  const { tick } = rig({
    spans: 'keep',
    settings: { maxSeriesPerMetric: 500, waitBounds: [1], durationBounds: [1], backfillMs: 3_600_000 },
  });

  expect(spansOf(await tick(0, telling(finishWith([span], startMs - minuteMs))))).toEqual([]);
});

it('wait for the next run where the state could not be saved', async () => {
  const stored = createMemoryStateStore();
  let isDown = false;
  const store: StateStore = {
    ...stored,
    save: (...given) => (isDown ? Promise.reject(new Error('down')) : stored.save(...given)),
  };
  const { tick } = rig({ store, spans: 'keep' });
  await tick(0, quiet);

  isDown = true;
  const lost = await tick(3, tell).then(spansOf, () => 'failed');
  isDown = false;

  expect(lost).not.toEqual([span]);
  expect(spansOf(await tick(4, tell))).toEqual([span]);
});

it('hold no secret, and nothing that acts on a screen', async () => {
  const without = (text: string): string => text.replaceAll('hunter2', '***');
  const { tick } = rig({ spans: 'keep', cleaner: { redactName: without, own: { redactText: without } } });
  await tick(0, quiet);
  const told = {
    name: 'a',
    queue: 'b',
    url: 'c',
    commit: 'd',
    id: 'e',
    pipeline: 'f',
    branch: 'g',
    scope: 'h',
    run: 'i',
  };
  const dirty = Object.fromEntries(Object.entries(told).map(([key, text]) => [key, `${text}\u001bhunter2`]));

  const spans = spansOf(await tick(3, telling(finishWith([{ ...span, ...dirty }]))));

  expect(spans).toEqual([
    { ...span, ...Object.fromEntries(Object.entries(told).map(([key, text]) => [key, `${text} ***`])) },
  ]);
});
