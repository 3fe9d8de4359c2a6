/** Tests of the sink `file`: replacing a page as a whole, appending JSON lines, and failing disks. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { FileConfig } from '../../../lambda/sinks/file/config.ts';
import { createFile } from '../../../lambda/sinks/file/create.ts';
import { describeFileProblem } from '../../../lambda/sinks/file/problems.ts';
import type { Delivery, Preview } from '../../../lambda/sinks/sink.ts';
import { answersOk, startOnFreePort } from '../../servers/process.ts';
import { withNodeExporter } from '../../servers/require.ts';
import { batchOf, gaugeOf, partOf, queues } from '../remote-write/batches.ts';
import { jobs, ports } from './ports.ts';

interface TestSink {
  write(batch: Batch, parent?: AbortSignal): Promise<Delivery>;
  preview(batch: Batch): Promise<Preview>;
}

function fileSink(raw: { readonly path: string } & Readonly<Record<string, unknown>>): TestSink {
  const sink = createFile(FileConfig.parse({ kind: 'file', ...raw }), ports);
  return {
    write: async (batch, parent) => {
      using deadline = createDeadline(60_000, () => Date.now(), parent);
      return await sink.write(batch, { deadline });
    },
    preview: async (batch) => sink.preview(batch),
  };
}

/** A folder that is gone after the test. */
async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'file-sink-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const page = (value: number): string =>
  `# HELP ci_jobs Help of ci_jobs.\n# TYPE ci_jobs gauge\nci_jobs{queue="ä"} ${String(value)}\n`;

describe('the text exposition in a file', () => {
  it('is replaced as a whole each run, and nothing else is left in the folder', async () => {
    await using home = await folder();
    const path = join(home.path, 'ci.prom');
    const sink = fileSink({ path });
    await sink.write(batchOf([queues(100)]));

    const delivery = await sink.write(jobs(2));

    expect(await readFile(path, 'utf8')).toBe(page(2));
    expect(delivery).toMatchObject({ accepted: 1, bytes: Buffer.byteLength(page(2)), problems: [] });
    expect(await readdir(home.path)).toEqual(['ci.prom']);
  });

  it('is never read half written', async () => {
    await using home = await folder();
    const path = join(home.path, 'ci.prom');
    const sink = fileSink({ path });
    const large = batchOf([queues(5_000)]);
    await sink.write(large);
    const whole = await readFile(path, 'utf8');

    const lengths = new Set<number>();
    const ended = new AbortController();
    const writing = (async () => {
      for (let run = 0; run < 10; run += 1) await sink.write(large);
      ended.abort();
    })();
    while (!ended.signal.aborted) lengths.add((await readFile(path, 'utf8')).length);
    await writing;

    expect([...lengths]).toEqual([whole.length]);
  });

  it('stays as it is where another run publishes one of the sources, in a dry run, too', async () => {
    await using home = await folder();
    const path = join(home.path, 'ci.prom');
    const sink = fileSink({ path });
    await sink.write(jobs(1));
    const others = { ...partOf([]), source: 'other', status: 'skipped' } as const;
    const later = { ...jobs(2), sources: [...jobs(2).sources, others] };

    const delivery = await sink.write(later);
    const preview = await sink.preview(later);

    expect(await readFile(path, 'utf8')).toBe(page(1));
    expect(delivery).toMatchObject({ accepted: 0, requests: 0, bytes: 0, problems: [{ kind: 'configuration' }] });
    expect(delivery.problems[0]?.message).toContain('another run publishes other at this tick');
    expect(preview).toMatchObject({ samples: 0, requests: 0, bytes: 0, lines: [], problems: delivery.problems });
  });

  it('keeps the page of the run before when the new one cannot be written', async () => {
    await using home = await folder();
    const path = join(home.path, 'ci.prom');
    const sink = fileSink({ path });
    await sink.write(jobs(1));
    // The name of the page to be is taken by something that is no file.
    await mkdir(`${path}.new`);

    const delivery = await sink.write(jobs(2));

    expect(delivery).toMatchObject({ accepted: 0, bytes: 0, problems: [{ kind: 'configuration' }] });
    expect(await readFile(path, 'utf8')).toBe(page(1));
  });
});

describe('JSON lines in a file', () => {
  it('are appended', async () => {
    await using home = await folder();
    const path = join(home.path, 'ci.jsonl');
    const sink = fileSink({ path, format: 'json' });
    await sink.write(jobs(1));

    const delivery = await sink.write(jobs(2));

    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { metric: 'ci_jobs', labels: { queue: 'ä' }, value: 1 },
      { metric: 'ci_jobs', labels: { queue: 'ä' }, value: 2 },
    ]);
    expect(delivery).toMatchObject({ accepted: 1, bytes: Buffer.byteLength(lines[1] ?? '') + 1, problems: [] });
  });
});

describe('a preview', () => {
  it('writes nothing', async () => {
    await using home = await folder();
    const sink = fileSink({ path: join(home.path, 'ci.prom') });

    const preview = await sink.preview(jobs(3));

    expect(await readdir(home.path)).toEqual([]);
    expect(preview).toMatchObject({ samples: 1, bytes: Buffer.byteLength(page(3)), lines: ['ci_jobs{queue="ä"} 3'] });
  });
});

describe('a file that cannot be written', () => {
  it.each(['prometheus', 'json'])('for want of a folder says so, as %s', async (format) => {
    await using home = await folder();
    const path = join(home.path, 'missing', 'ci.prom');

    const delivery = await fileSink({ path, format }).write(jobs(1));

    expect(delivery).toEqual({
      accepted: 0,
      requests: 1,
      bytes: 0,
      problems: [
        {
          kind: 'configuration',
          where: `file/file ${path}`,
          message: 'cannot be written: its folder does not exist; create it, or change `path` (ENOENT)',
        },
      ],
    });
  });

  it.each([
    ['a folder', (path: string) => mkdir(path), 'EISDIR'],
    ['a loop of links', (path: string) => symlink(path, path), 'ELOOP'],
  ])('because it is %s says so', async (_, prepare, code) => {
    await using home = await folder();
    const path = join(home.path, 'ci.jsonl');
    await prepare(path);

    const delivery = await fileSink({ path, format: 'json' }).write(jobs(1));

    expect(delivery.accepted).toBe(0);
    expect(delivery.problems[0]?.message).toContain(`(${code})`);
  });

  it('because a part of its path is a file says so', async () => {
    await using home = await folder();
    await writeFile(join(home.path, 'file'), '');

    const delivery = await fileSink({ path: join(home.path, 'file', 'ci.prom') }).write(jobs(1));

    expect(delivery.problems).toMatchObject([{ kind: 'configuration' }]);
    expect(delivery.problems[0]?.message).toContain('is not a folder');
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('because of its rights says so', async () => {
    await using home = await folder();
    await chmod(home.path, 0o500);

    const delivery = await fileSink({ path: join(home.path, 'ci.prom') }).write(jobs(1));

    expect(delivery.problems).toMatchObject([{ kind: 'configuration' }]);
    expect(delivery.problems[0]?.message).toContain('may not write there');
  });

  it.skipIf(process.platform !== 'linux')('because the disk is full says so, and names no bug', async () => {
    const delivery = await fileSink({ path: '/dev/full', format: 'json' }).write(jobs(1));

    expect(delivery.problems).toEqual([
      {
        kind: 'unavailable',
        where: 'file/file /dev/full',
        message: 'cannot be written: the disk or the quota is full; free space, or have the file rotated (ENOSPC)',
      },
    ]);
  });

  it.each([
    ['the deadline has passed', 'TimeoutError', 'was not written before the deadline of the run'],
    ['a signal came', 'AbortError', 'was not written before the run was interrupted'],
  ])('because %s is a timeout that says so', async (text, name, message) => {
    await using home = await folder();
    const ended = AbortSignal.abort(new DOMException(text, name));

    const delivery = await fileSink({ path: join(home.path, 'ci.prom') }).write(jobs(1), ended);

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'timeout', message }] });
    expect(await readdir(home.path)).toEqual([]);
  });

  it.each([
    ['EACCES', 'configuration', 'may not write there'],
    ['EROFS', 'configuration', 'only /tmp is writable'],
    ['EDQUOT', 'unavailable', 'quota is full'],
    ['EIO', 'unavailable', 'the file system failed'],
  ])('with %s is a problem of kind %s', (code, kind, message) => {
    const problem = describeFileProblem(Object.assign(new Error('no'), { code }), 'file/file /x');

    expect(problem.kind).toBe(kind);
    expect(problem.message).toContain(message);
  });

  it('for a reason that no file system has stays an error', () => {
    expect(() => describeFileProblem(new TypeError('a bug'), 'file/file /x')).toThrow('a bug');
  });
});

withNodeExporter('the textfile collector of node_exporter', () => {
  it('shows the page, special values and characters included', async () => {
    await using home = await folder();
    const values = [1.5, NaN, Infinity, -Infinity];
    await fileSink({ path: join(home.path, 'ci.prom') }).write(
      batchOf([
        gaugeOf(
          'ci_jobs',
          values.map((value, index) => ({ labels: { queue: `${String(index)} "\\\n` }, value })),
        ),
      ]),
    );
    await using stack = new AsyncDisposableStack();
    const { process: exporter, port } = await startOnFreePort((free) => ({
      name: 'node_exporter',
      command: 'prometheus-node-exporter',
      args: [
        `--web.listen-address=127.0.0.1:${String(free)}`,
        '--collector.disable-defaults',
        '--collector.textfile',
        `--collector.textfile.directory=${home.path}`,
      ],
      ready: () => answersOk(`http://127.0.0.1:${String(free)}/`),
    }));
    stack.use(exporter);

    const scraped = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();

    expect(scraped.split('\n').filter((line) => line.startsWith('ci_jobs'))).toEqual([
      String.raw`ci_jobs{queue="0 \"\\\n"} 1.5`,
      String.raw`ci_jobs{queue="1 \"\\\n"} NaN`,
      String.raw`ci_jobs{queue="2 \"\\\n"} +Inf`,
      String.raw`ci_jobs{queue="3 \"\\\n"} -Inf`,
    ]);
    expect(scraped).toContain('node_textfile_scrape_error 0');
  });
});
