/** The promises that every state store keeps, as tests that each store's own test file runs. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Saved, type StateStore, StateStoreError } from '../../../lambda/counters/stores/store.ts';

export const { signal } = new AbortController();

/** Text that no compression makes much smaller. */
export function noise(length: number): string {
  return randomBytes(Math.ceil((length * 3) / 4))
    .toString('base64')
    .slice(0, length);
}

/** What every store promises. `open` gives another store over the same place, as a second process has it. */
export function storeContract(open: () => StateStore, { runs = 50 }: { readonly runs?: number } = {}): void {
  let next = 0;
  function newId(): string {
    next += 1;
    return `buildkite/source-${String(next)}`;
  }

  it('knows nothing of a document that was never saved', async () => {
    expect(await open().load(newId(), signal)).toBeUndefined();
  });

  it('gives back what was saved, also to another process, and counts versions from 1', async () => {
    const [id, one, other] = [newId(), open(), open()];

    expect(await one.save(id, { body: 'first', before: 0 }, signal)).toBe('saved');
    expect(await other.load(id, signal)).toEqual({ version: 1, body: 'first' });
    expect(await other.save(id, { body: 'second', before: 1 }, signal)).toBe('saved');
    expect(await one.load(id, signal)).toEqual({ version: 2, body: 'second' });
  });

  it.each([0, 1, 3, 17])('changes nothing when version %i was expected and 2 is there', async (before) => {
    const [id, store] = [newId(), open()];
    await store.save(id, { body: 'first', before: 0 }, signal);
    await store.save(id, { body: 'second', before: 1 }, signal);

    expect(await open().save(id, { body: 'late', before }, signal)).toBe('overtaken');
    expect(await store.load(id, signal)).toEqual({ version: 2, body: 'second' });
  });

  it('is overtaken when the document that it expects is gone', async () => {
    const id = newId();

    expect(await open().save(id, { body: 'late', before: 4 }, signal)).toBe('overtaken');
    expect(await open().load(id, signal)).toBeUndefined();
  });

  it('lets one of two that save at the same time win, and only one', async () => {
    const id = newId();
    for (let before = 0; before < 5; before += 1) {
      const bodies = ['a', 'b', 'c'].map((name) => `${name}${String(before)}`);

      const saved = await Promise.all(bodies.map((body) => open().save(id, { body, before }, signal)));

      expect(saved.toSorted()).toEqual(['overtaken', 'overtaken', 'saved']);
      expect(await open().load(id, signal)).toEqual({ version: before + 1, body: bodies[saved.indexOf('saved')] });
    }
  });

  it.each([
    ['one byte', 'x'],
    ['nothing', ''],
    ['lines and text outside ASCII', '{"a":"ß😀\\n"}\n\nlast\r\n'],
    ['100 kB', noise(100_000)],
    ['just an item', noise(358_000)],
    ['more than an item', noise(600_000)],
    ['3 MB', noise(3_000_000)],
  ])('keeps %s as it is', async (_name, body) => {
    const id = newId();

    expect(await open().save(id, { body, before: 0 }, signal)).toBe('saved');

    const loaded = await open().load(id, signal);
    expect(loaded?.version).toBe(1);
    expect(loaded?.body === body).toBe(true);
  });

  it('keeps documents apart whose ids differ in little', async () => {
    const prefix = newId();
    const ids = ['', '/', '%2F', '#0', '*', '.', '..', '/../x', 'A', 'a', '!a', ' ', 'ä', '"', ':', '\\'].map(
      (end) => `${prefix}${end}`,
    );
    const store = open();

    for (const id of ids) expect(await store.save(id, { body: `of ${id}`, before: 0 }, signal)).toBe('saved');

    for (const id of ids) expect(await store.load(id, signal)).toEqual({ version: 1, body: `of ${id}` });
  });

  it('behaves like one document with a version, whatever two processes do in which order', async () => {
    const writer = fc.constantFrom(0, 1);
    const command = fc.oneof(
      fc.record({ kind: fc.constant('load' as const), writer }),
      fc.record({ kind: fc.constant('save' as const), writer, size: fc.constantFrom(3, 30_000, 400_000, 900_000) }),
      fc.record({ kind: fc.constant('both' as const), size: fc.constantFrom(3, 400_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
        const id = newId();
        const stores = [open(), open()];
        const versions = [0, 0];
        let truth: { version: number; body: string } | undefined;
        const save = async (index: number, body: string): Promise<Saved | undefined> =>
          stores[index]?.save(id, { body, before: versions[index] ?? 0 }, signal);

        for (const each of commands) {
          if (each.kind === 'load') {
            const loaded = await stores[each.writer]?.load(id, signal);
            expect(loaded).toEqual(truth);
            versions[each.writer] = loaded?.version ?? 0;
            continue;
          }
          const writers = each.kind === 'both' ? [0, 1] : [each.writer];
          const bodies = writers.map(() => noise(each.size));
          const expected = writers.filter((index) => versions[index] === (truth?.version ?? 0));
          const saved = await Promise.all(writers.map((index, at) => save(index, bodies[at] ?? '')));
          const winners = writers.filter((_, at) => saved[at] === 'saved');
          expect(winners.length).toBe(Math.min(1, expected.length));
          for (const winner of winners) {
            expect(expected).toContain(winner);
            truth = { version: (truth?.version ?? 0) + 1, body: bodies[writers.indexOf(winner)] ?? '' };
            versions[winner] = truth.version;
          }
        }
        expect(await stores[0]?.load(id, signal)).toEqual(truth);
      }),
      { numRuns: runs },
    );
  });
}

/** What a store promises beside it that waits for a network, a disk or a lock. */
export function deadlineContract(open: () => StateStore): void {
  it('tells that the time is over, and has then saved nothing', async () => {
    const id = 'buildkite/late';
    const over = AbortSignal.abort(new DOMException('the deadline has passed', 'TimeoutError'));

    const saving = open().save(id, { body: 'x', before: 0 }, over);
    await expect(saving).rejects.toThrow(StateStoreError);
    await expect(saving).rejects.toMatchObject({ kind: 'timeout' });
    await expect(open().load(id, over)).rejects.toMatchObject({ kind: 'timeout' });

    expect(await open().load(id, signal)).toBeUndefined();
  });
}
