/** A file of JSON lines holds whole lines only, whatever the disk and earlier crashes have done. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { writeJsonLines } from '../../../lambda/exposition/write-json-lines.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { appendLines } from '../../../lambda/sinks/file/append-lines.ts';
import { FileConfig } from '../../../lambda/sinks/file/config.ts';
import { createFile } from '../../../lambda/sinks/file/create.ts';
import type { Delivery } from '../../../lambda/sinks/sink.ts';
import { onDiskOf, withFilesUpTo } from '../../support/limited-disk.ts';
import { gaugeOf } from '../remote-write/batches.ts';
import { jobs, ports } from './ports.ts';

let home = '';
let path = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'file-sink-'));
  path = join(home, 'ci.jsonl');
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function writeJobs(value: number): Promise<Delivery> {
  const sink = createFile(FileConfig.parse({ kind: 'file', path, format: 'json' }), ports);
  using deadline = createDeadline(60_000, Date.now);
  return await sink.write(jobs(value), { deadline });
}

/** One run's line, as `writeJobs` makes it. */
function line(value: number): string {
  return writeJsonLines([gaugeOf('ci_jobs', [{ labels: { queue: 'ä' }, value }])], 0);
}

async function valuesIn(text: string): Promise<readonly unknown[]> {
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return Promise.resolve(lines.map((each) => z.object({ value: z.number() }).parse(JSON.parse(each)).value));
}

describe('half a line that a crash left', () => {
  // Bytes, so that a cut goes through the two bytes of a letter, too.
  const torn = Buffer.from(line(2));

  it.each([...Array(torn.length - 2).keys()].map((index) => index + 1))(
    'of %i bytes goes with the next write, is told, and takes nothing else with it',
    async (length) => {
      await writeFile(path, Buffer.concat([Buffer.from(line(1)), torn.subarray(0, length)]));

      const first = await writeJobs(3);
      const second = await writeJobs(4);

      expect(await valuesIn(await readFile(path, 'utf8'))).toEqual([1, 3, 4]);
      expect(first).toMatchObject({ accepted: 1 });
      expect(first.problems).toEqual([
        {
          kind: 'unavailable',
          where: `file/file ${path}`,
          message: `half a line at its end was removed (${String(length)} bytes): an earlier write was cut off, by a crash, a full disk or another writer; nothing to do unless it happens again`,
        },
      ]);
      expect(second.problems).toEqual([]);
    },
  );

  it('goes where it is all that the file holds', async () => {
    await writeFile(path, torn.subarray(0, 30));

    await writeJobs(3);

    expect(await valuesIn(await readFile(path, 'utf8'))).toEqual([3]);
  });

  it('goes with the zero bytes that a power failure left behind it', async () => {
    await writeFile(path, Buffer.concat([Buffer.from(line(1)), torn.subarray(0, 30), Buffer.alloc(4000)]));

    await writeJobs(3);

    expect(await valuesIn(await readFile(path, 'utf8'))).toEqual([1, 3]);
  });

  it('stays where it lacks nothing but its end', async () => {
    await writeFile(path, `${line(1)}${line(2).trimEnd()}`);

    const { problems } = await writeJobs(3);

    expect(await valuesIn(await readFile(path, 'utf8'))).toEqual([1, 2, 3]);
    expect(problems[0]?.message).toContain('its last line had no end and was ended');
  });

  it.each([
    ['a short text', 'the notes of somebody else'],
    ['a text longer than any line', `{"time":"${'x'.repeat(1_100_000)}`],
  ])('stays where it is not of the collector: %s', async (_, notes) => {
    await writeFile(path, notes);

    const { problems } = await writeJobs(3);

    const text = await readFile(path, 'utf8');
    expect(text.startsWith(`${notes}\n`)).toBe(true);
    expect(await valuesIn(text.slice(notes.length + 1))).toEqual([3]);
    expect(problems).toHaveLength(1);
  });
});

const Told = z.object({
  deliveries: z.array(z.object({ accepted: z.number(), problems: z.array(z.object({ message: z.string() })) })),
  lengths: z.array(z.number()),
  text: z.string(),
});

/** Writes runs of 20 lines until three were refused, and tells what came of each; `rest` goes on behind the limit. */
function manyRuns(file: string): string {
  const at = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
  return `
    const { readFileSync } = await import('node:fs');
    const { createFile } = await import(${at('../../../lambda/sinks/file/create.ts')});
    const { createDeadline } = await import(${at('../../../lambda/runtime/deadline.ts')});
    const { FileConfig } = await import(${at('../../../lambda/sinks/file/config.ts')});
    const { batchOf, queues } = await import(${at('../remote-write/batches.ts')});
    const path = ${JSON.stringify(file)};
    const sink = createFile(FileConfig.parse({ kind: 'file', path, format: 'json' }), {});
    const deliveries = [];
    const lengths = [];
    while (deliveries.filter(({ accepted }) => accepted === 0).length < 3) {
      using deadline = createDeadline(60_000, Date.now);
      deliveries.push(await sink.write(batchOf([queues(20)]), { deadline }));
      lengths.push(readFileSync(path).length);
    }
    process.stdout.write(JSON.stringify({ deliveries, lengths, text: readFileSync(path, 'utf8') }));
  `;
}

function expectWholeRuns(printed: string, code: string): void {
  const { deliveries, lengths, text } = Told.parse(JSON.parse(printed));
  const accepted = deliveries.reduce((sum, delivery) => sum + delivery.accepted, 0);
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.map((each): unknown => JSON.parse(each))).toHaveLength(accepted);
  expect(accepted).toBeGreaterThan(20);
  expect(new Set(lengths.slice(-4)).size).toBe(1);
  for (const { problems } of deliveries.slice(-3)) {
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(`(${code})`);
  }
}

describe('a run whose lines do not fit', () => {
  it('is taken back as a whole where the file may not grow', async () => {
    expectWholeRuns(await withFilesUpTo(16, manyRuns(path)), 'EFBIG');
  });

  it('is taken back as a whole where the disk is full', async ({ skip }) => {
    const printed = await onDiskOf(16, home, manyRuns(path));
    if (printed === undefined) return skip('this machine lets nobody make a small disk');

    expectWholeRuns(printed, 'ENOSPC');
  });

  it('is taken back as a whole at the deadline', async () => {
    await writeFile(path, line(1));
    const controller = new AbortController();
    // Two writes of half a megabyte each; the deadline falls between them.
    const text = line(2).repeat(10_000);
    const appending = appendLines(path, text, controller.signal);
    await new Promise(setImmediate);
    controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));

    const ended = await appending.then(
      () => 'written',
      () => 'refused',
    );

    const values = await valuesIn(await readFile(path, 'utf8'));
    expect(values).toHaveLength(ended === 'written' ? 10_001 : 1);
  });
});
