/** Tests of adding up the metrics pages of several replicas of the controller. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../../../lambda/prometheus-text/parser.ts';
import { combine } from '../../../../lambda/sources/tekton/controller/combine-pages.ts';
import type { ControllerMemory } from '../../../../lambda/sources/tekton/controller/remembered.ts';

/** What one replica does between two readings. */
const Step = fc.record({
  increase: fc.nat({ max: 50 }),
  /** Right after the reading before, so that nothing is lost. */
  restarts: fc.boolean(),
  isRead: fc.boolean(),
});
const History = fc
  .integer({ min: 1, max: 4 })
  .chain((replicas) => fc.array(fc.array(Step, { minLength: replicas, maxLength: replicas }), { maxLength: 12 }));

const keep = (): boolean => true;

function pageOf(value: number) {
  const text = `# TYPE c_total counter\nc_total{status="success"} ${String(value)}\n`;
  return parsePage(new TextEncoder().encode(text), { format: 'text' });
}

describe('sums over replicas', () => {
  it('are everything that was done, whatever restarts and cannot be read for a while', () => {
    fc.assert(
      fc.property(History, (history) => {
        let memory: ControllerMemory | undefined;
        let total: number | undefined;
        let done = 0;
        const replicas = (history[0] ?? []).map((_, index) => ({
          id: `replica-${String(index)}`,
          value: 0,
          startSeconds: index,
          wasRead: true,
        }));
        const read = (isRead: (index: number) => boolean): void => {
          const seen = replicas.filter((replica, index) => {
            replica.wasRead = isRead(index);
            return replica.wasRead;
          });
          if (seen.length === 0) return;
          const pages = seen.map(({ id, value, startSeconds }) => ({ id, startSeconds, page: pageOf(value) }));
          const unread = replicas.filter((replica) => !seen.includes(replica)).map(({ id }) => id);
          const combined = combine(pages, {
            labels: {},
            before: memory,
            hasMemory: true,
            unread,
            maxTotals: 100,
            keep,
          });
          ({ memory } = combined);
          total = combined.families[0]?.samples[0]?.value;
        };

        for (const steps of history) {
          for (const [index, { increase, restarts }] of steps.entries()) {
            const replica = replicas[index];
            if (replica === undefined) continue;
            if (restarts && replica.wasRead)
              Object.assign(replica, { value: 0, startSeconds: replica.startSeconds + 100 });
            replica.value += increase;
            done += increase;
          }
          read((index) => steps[index]?.isRead ?? false);
        }
        read(() => true);

        expect(total).toBe(history.length === 0 ? undefined : done);
      }),
    );
  });

  it('forget the oldest series that nobody has, when there are too many', () => {
    const read = (name: string, before: ControllerMemory | undefined): ControllerMemory => {
      const page = parsePage(new TextEncoder().encode(`# TYPE ${name}_total counter\n${name}_total 1\n`), {
        format: 'text',
      });
      return combine([{ id: 'a', page }], { labels: {}, before, hasMemory: true, unread: [], maxTotals: 2, keep })
        .memory;
    };

    const memory = ['a', 'b', 'c', 'd'].reduce<ControllerMemory | undefined>(
      (before, name) => read(name, before),
      undefined,
    );

    expect(Object.keys(memory?.totals ?? {})).toHaveLength(2);
  });

  it('say how many series that nobody has they had no room for', () => {
    const options = { labels: {}, hasMemory: true, unread: [], maxTotals: 1, keep };
    const before = combine([{ id: 'a', page: pageOf(1) }], { ...options, before: undefined }).memory;
    const other = parsePage(new TextEncoder().encode('# TYPE d_total counter\nd_total 1\n'), { format: 'text' });

    expect(combine([{ id: 'a', page: other }], { ...options, before }).forgotten).toBe(1);
    expect(combine([{ id: 'a', page: pageOf(2) }], { ...options, before }).forgotten).toBe(0);
  });

  it('do not mix buckets of two releases, and forget an old name once the new one is there', () => {
    const options = { labels: {}, hasMemory: true, unread: [], maxTotals: 100, keep };
    const pageIn = (text: string) => parsePage(new TextEncoder().encode(text), { format: 'text' });
    const histogram = (le: string): string =>
      `# TYPE h histogram\nh_bucket{le="${le}"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`;
    const old = pageIn(`${histogram('5')}# TYPE runs_count counter\nruns_count 7\n`);
    const { memory: before } = combine([{ id: 'a', page: old }], { ...options, before: undefined });

    const page = pageIn(`${histogram('10')}# TYPE runs_total counter\nruns_total 1\n`);
    const { families } = combine([{ id: 'b', page }], { ...options, before });

    const shown = families.flatMap(({ samples }) => samples.map(({ name, labels }) => [name, labels['le']].join(' ')));
    expect(shown).toEqual(['h_bucket 10.0', 'h_bucket +Inf', 'h_sum ', 'h_count ', 'runs_total ']);
  });

  it('keep the replica that answered last at the end, where there is room for the latest only', () => {
    const options = { labels: {}, hasMemory: true, unread: ['a', 'b'], maxTotals: 10, keep };
    const { memory } = ['a', 'b', 'a'].reduce<{ readonly memory: ControllerMemory | undefined }>(
      ({ memory: before }, id) => combine([{ id, page: pageOf(1) }], { ...options, before }),
      { memory: undefined },
    );

    expect(Object.keys(memory?.replicas ?? {})).toEqual(['b', 'a']);
  });
});
