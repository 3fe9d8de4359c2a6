/** Tests of the sink `stdout`, which prints pages and JSON lines. */
import { expect, it } from 'vitest';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { StdoutConfig } from '../../../lambda/sinks/stdout/config.ts';
import { createStdout } from '../../../lambda/sinks/stdout/create.ts';
import type { Delivery, Preview, SinkPorts } from '../../../lambda/sinks/sink.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { batchOf, counterOf, gaugeOf, partOf } from '../remote-write/batches.ts';

interface TestSink {
  write(batch: Batch): Promise<Delivery>;
  preview(batch: Batch): Promise<Preview>;
  readonly printed: readonly string[];
}

const unused = (): never => {
  throw new Error('not part of this test');
};

function stdoutSink(raw: Readonly<Record<string, unknown>> = {}): TestSink {
  const printed: string[] = [];
  const ports: SinkPorts = {
    http: { send: unused, withoutSecrets: unused, takeMeter: unused, readClocks: unused },
    secrets: { read: unused, reread: unused },
    clock: unused,
    log: recordingLog(),
    collector: 'ci',
    intervalMs: 60_000,
    print: (text) => printed.push(text),
    aws: { region: undefined, credentials: unused },
  };
  const sink = createStdout(StdoutConfig.parse({ kind: 'stdout', ...raw }), ports);
  return {
    write: async (batch) => {
      using deadline = createDeadline(60_000, () => Date.now());
      return await sink.write(batch, { deadline });
    },
    preview: async (batch) => sink.preview(batch),
    printed,
  };
}

const collectedAtMs = Date.UTC(2026, 10, 21, 9, 30);
const jobs = (source: string, value: number) =>
  partOf([gaugeOf('ci_queue_jobs', [{ labels: { source, queue: 'deploy' }, value }])], { source });
const batch = batchOf([], {
  collectedAtMs,
  sources: [jobs('two', 2), jobs('one', 1), partOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }])])],
  health: [gaugeOf('ci_collector_up', [{ labels: {}, value: 1 }])],
});

it('prints one page of all sources and of the collector itself', async () => {
  const sink = stdoutSink();

  const delivery = await sink.write(batch);

  const page = [
    '# HELP ci_collector_up Help of ci_collector_up.\n# TYPE ci_collector_up gauge\nci_collector_up 1\n',
    '# HELP ci_queue_jobs Help of ci_queue_jobs.\n# TYPE ci_queue_jobs gauge',
    'ci_queue_jobs{queue="deploy",source="one"} 1\nci_queue_jobs{queue="deploy",source="two"} 2\n',
  ].join('\n');
  expect(sink.printed).toEqual([page]);
  expect(delivery).toMatchObject({ accepted: 3, bytes: page.length });
  expect(delivery.problems).toMatchObject([{ kind: 'rejected', where: 'stdout/stdout' }]);
  expect(delivery.problems[0]?.message).toMatch(/^left out ci_jobs_total \(1 sample\): only known as an increase/);
});

it('prints JSON lines, with what a page cannot show', async () => {
  const sink = stdoutSink({ format: 'json' });

  const delivery = await sink.write(batch);

  const lines = sink.printed.join('').trimEnd().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { time: '2026-11-21T09:30:00.000Z', metric: 'ci_queue_jobs', type: 'gauge', labels: { source: 'two' }, value: 2 },
    { metric: 'ci_queue_jobs', labels: { source: 'one' }, value: 1 },
    { metric: 'ci_jobs_total', type: 'counter', increase: 1 },
    { metric: 'ci_collector_up', value: 1 },
  ]);
  expect(delivery).toMatchObject({ accepted: 4, problems: [] });
});

it.each(['prometheus', 'json'])('prints only what the selection lets through, as %s', async (format) => {
  const sink = stdoutSink({ format, metrics: { include: ['ci_*'], exclude: ['ci_jobs_*', 'ci_queue_*'] } });

  const delivery = await sink.write(batch);

  expect(sink.printed.join('')).toContain('ci_collector_up');
  expect(sink.printed.join('')).not.toMatch(/ci_queue|ci_jobs/);
  expect(delivery).toMatchObject({ accepted: 1, problems: [] });
});

it.each(['prometheus', 'json'])(
  'promises in its preview what it then prints, and prints nothing yet, as %s',
  async (format) => {
    const sink = stdoutSink({ format });

    const preview = await sink.preview(batch);
    const printedBefore = sink.printed.length;
    const delivery = await sink.write(batch);

    expect(printedBefore).toBe(0);
    expect(preview).toMatchObject({
      samples: delivery.accepted,
      requests: delivery.requests,
      bytes: delivery.bytes,
      problems: delivery.problems,
      monthlyCost: [],
    });
    const printed = sink.printed
      .join('')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(preview.lines).toEqual(printed);
  },
);
