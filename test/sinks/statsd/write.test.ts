/** What a delivery says of what it handed over, of what never left, and of a host that does not listen. */
import { describe, expect, it } from 'vitest';
import { finished, batch, part, queued } from '../cloudwatch/batches.ts';
import { freePort, startUdpServer, statsdSink } from './harness.ts';

const given = batch([part([queued({ default: 5 }), finished(3)])]);

describe('a delivery by UDP', () => {
  it('says that it was not answered, and sends levels before sums', async () => {
    await using server = await startUdpServer();

    const delivery = await statsdSink({ port: server.port }).write(given);

    await server.arrived(1);
    expect(server.datagrams).toEqual([
      'ci_queue_jobs.buildkite.main.Cluster_A.default.queued:5|g\nci_runs_total.buildkite.main.web:3|c',
    ]);
    expect(delivery).toMatchObject({ accepted: 2, requests: 1, isUnanswered: true, problems: [], undelivered: [] });
    expect([delivery.unconfirmed, delivery.dropped]).toEqual([0, 0]);
  });

  it('goes by IPv6 as well', async () => {
    await using server = await startUdpServer('::1');

    const delivery = await statsdSink({ host: '::1', port: server.port }).write(given);

    await server.arrived(1);
    expect(delivery.problems).toEqual([]);
  });

  it('opens no socket for nothing', async () => {
    const delivery = await statsdSink({ host: 'nowhere.invalid' }).write(batch([]));

    expect(delivery).toMatchObject({ accepted: 0, requests: 0, problems: [] });
  });

  it('leaves no socket open', async () => {
    await using server = await startUdpServer();
    const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP')).length;
    const before = openSockets();

    for (let run = 0; run < 3; run += 1) await statsdSink({ port: server.port }).write(given);

    expect(openSockets()).toBeLessThanOrEqual(before);
  });
});

describe('a host', () => {
  it('on which nothing listens is told; nobody knows of what was handed over', async () => {
    const port = await freePort();

    const delivery = await statsdSink({ port }).write(given);

    expect(delivery).toMatchObject({ accepted: 0, unconfirmed: 1, undelivered: [], isUnanswered: true });
    expect(delivery.problems).toMatchObject([
      { kind: 'unavailable', where: `statsd/statsd udp 127.0.0.1:${String(port)}` },
    ]);
    expect(delivery.problems[0]?.message).toMatch(/nothing listens there \(ECONNREFUSED\).*check `host` and `port`/);
  });

  it('without an address is told, and what was to be added waits', async () => {
    const delivery = await statsdSink({ host: 'nowhere.invalid' }).write(given);

    expect(delivery).toMatchObject({ accepted: 0, requests: 0, unconfirmed: 0, undelivered: [{ samples: 1 }] });
    expect(delivery.problems).toMatchObject([{ kind: 'unavailable' }]);
    expect(delivery.problems[0]?.message).toMatch(/2 lines were not sent; `host` cannot be resolved/);
  });

  it('that is found to be cloud metadata gets nothing', async () => {
    // As a name may turn out to be once it is resolved; one that is written so is refused by the check.
    const delivery = await statsdSink({}, { host: '169.254.169.254' }).write(given);

    expect(delivery).toMatchObject({ accepted: 0, requests: 0, undelivered: [{ samples: 1 }] });
    expect(delivery.problems).toMatchObject([{ kind: 'configuration' }]);
  });
});

describe('what waited', () => {
  it('is sent as it was, and what cannot be read is counted', async () => {
    await using server = await startUdpServer();
    const lost = await statsdSink({ host: 'nowhere.invalid' }).write(given);
    const damaged = [
      { tickMs: 1, samples: 4, content: ['no line'] },
      { tickMs: 1, samples: 2, content: ['a:1|c\nb:2|c'] },
      { tickMs: 1, samples: 1, content: ['level:1|g'] },
    ];

    const delivery = await statsdSink({ port: server.port }).redeliver([...damaged, ...(lost.undelivered ?? [])]);

    await server.arrived(1);
    expect(server.datagrams).toEqual(['ci_runs_total.buildkite.main.web:3|c']);
    expect(delivery).toMatchObject({ accepted: 1, dropped: 7, problems: [{ kind: 'bug' }], undelivered: [] });
  });

  it('keeps its own ticks where it has to wait once more', async () => {
    const parcels = [1, 2].map((tickMs) => ({ tickMs, samples: 1, content: [`a:${String(tickMs)}|c`] }));

    const delivery = await statsdSink({ host: 'nowhere.invalid' }).redeliver(parcels);

    expect(delivery.undelivered).toEqual(parcels);
  });
});
