/** Tests that the preview of the sink `remote-write` shows what it then sends, and what it costs. */
import { describe, expect, it } from 'vitest';
import { startRemoteWriteFake } from '../../support/backends/remote-write-fake.ts';
import { batchOf, counterOf, gaugeOf, queues } from './batches.ts';
import { remoteWriteSink } from './harness.ts';

describe.each(['1.0', '2.0'])('the preview of version %s', (version) => {
  it('tells what a first run then sends', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version, seriesPerRequest: 30 });
    const batch = batchOf([queues(100), counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }])]);

    const preview = await sink.preview(batch);
    const delivery = await sink.write(batch);

    expect(preview).toMatchObject({
      samples: delivery.accepted,
      requests: delivery.requests,
      bytes: delivery.bytes,
      problems: delivery.problems,
      monthlyCost: [],
    });
    expect(delivery).toMatchObject({ accepted: 100, problems: [{ kind: 'rejected' }] });
  });
});

describe('the lines of a preview', () => {
  it('read as the text format', async () => {
    await using sink = remoteWriteSink({ url: 'https://example.com/api/v1/write' });
    const values = [3, NaN, Infinity, -Infinity, 0.1];

    const { lines } = await sink.preview(
      batchOf([
        gaugeOf(
          'ci_x',
          values.map((value, index) => ({ labels: { a: `${String(index)}"\\\n` }, value })),
        ),
      ]),
    );

    expect(lines).toEqual([
      'ci_x{a="0\\"\\\\\\n",collector="ci"} 3',
      'ci_x{a="1\\"\\\\\\n",collector="ci"} NaN',
      'ci_x{a="2\\"\\\\\\n",collector="ci"} +Inf',
      'ci_x{a="3\\"\\\\\\n",collector="ci"} -Inf',
      'ci_x{a="4\\"\\\\\\n",collector="ci"} 0.1',
    ]);
  });

  it('obey the selection', async () => {
    await using sink = remoteWriteSink({
      url: 'https://example.com/api/v1/write',
      metrics: { include: ['ci_*'], exclude: ['ci_workers'] },
    });
    const one = [{ labels: {}, value: 1 }];

    const { lines } = await sink.preview(
      batchOf([gaugeOf('ci_up', one), gaugeOf('ci_workers', one), gaugeOf('other', one)]),
    );

    expect(lines).toEqual(['ci_up{collector="ci"} 1']);
  });
});

describe('the monthly cost', () => {
  it("is that of the samples at Amazon's list price", async () => {
    await using sink = remoteWriteSink({
      url: 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write',
      auth: { sigv4: { region: 'eu-west-1' } },
    });

    const { monthlyCost } = await sink.preview(batchOf([queues(300)]));

    expect(monthlyCost).toMatchObject([
      {
        item: 'Amazon Managed Service for Prometheus, samples ingested',
        basis: '13,140,000 samples × $0.90 per 10 million (list price)',
      },
    ]);
    // 300 series × 43,800 minutes
    expect(monthlyCost[0]?.usd).toBeCloseTo(1.1826, 6);
  });
});
