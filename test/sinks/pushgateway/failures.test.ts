/** Tests of the requests of the sink `pushgateway`, and of a gateway that fails. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { PushgatewayConfig } from '../../../lambda/sinks/pushgateway/config.ts';
import { type LoopbackServer, startLoopbackServer } from '../../support/network/loopback-server.ts';
import { batchOf, gaugeOf, partOf, queues } from '../remote-write/batches.ts';
import { pushgatewaySink, textLike } from './harness.ts';

type Answer = { readonly status: number; readonly body?: string } | undefined;

/** A gateway that takes everything but what `answer` has another answer for. */
function gatewayThat(answer: (method: string, path: string, index: number) => Answer): Promise<LoopbackServer> {
  let index = 0;
  return startLoopbackServer(({ method = '', url = '' }, response) => {
    const { status, body = '' } = answer(method, url, index) ?? { status: 200 };
    index += 1;
    const list = method === 'GET' && status === 200 ? '{"status":"success","data":[]}' : '';
    response.writeHead(status, { 'content-type': 'application/json' }).end(body === '' ? list : body);
  });
}

const three = batchOf([], { sources: ['a', 'b', 'c'].map((source) => partOf([queues(2)], { source })) });

function pathsOf({ requests }: LoopbackServer): readonly string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}

describe('a request to the gateway', () => {
  it('carries the text format, and gzip only where it pays', async () => {
    await using gateway = await gatewayThat(() => undefined);
    await using sink = pushgatewaySink({ url: gateway.url });

    await sink.write(batchOf([queues(2000)], { health: [gaugeOf('ci_up', [{ labels: {}, value: 1 }])] }));

    const [small, large] = gateway.requests;
    const type = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
    expect(small?.headers).toMatchObject(type);
    expect(small?.headers).not.toHaveProperty('content-encoding');
    expect(small?.body.toString()).toBe('# HELP ci_up Help of ci_up.\n# TYPE ci_up gauge\nci_up 1\n');
    expect(large?.headers).toMatchObject({ ...type, 'content-encoding': 'gzip' });
    expect(gunzipSync(large?.body ?? '').toString()).toMatch(
      /^# HELP .*\n# TYPE .*\n(ci_queue_jobs\{.*\} \d+\n){2000}$/,
    );
  });

  it('is sent again when the gateway fails for a moment', async () => {
    await using gateway = await gatewayThat((_method, _path, index) => (index === 1 ? { status: 503 } : undefined));
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);

    expect(delivery).toMatchObject({ accepted: 6, requests: 4, problems: [] });
  });
});

describe('a gateway that fails', () => {
  it.each([
    [
      404,
      'configuration',
      /^not stored: answered 404 "no": there is no Pushgateway at this path; set `url` to its base URL/,
    ],
    [405, 'configuration', /without \/metrics/],
    [403, 'auth', /lack a permission/],
  ])('with %i is asked once, and the report says what to do', async (status, kind, message) => {
    await using gateway = await gatewayThat(() => ({ status, body: 'no' }));
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);

    expect(pathsOf(gateway)).toEqual(['PUT /metrics/job/ci']);
    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind, message: textLike(message) }] });
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]?.message).toMatch(/; 3 other groups were not pushed after that$/);
  });

  it('with 500 is asked again, for a PUT may arrive twice, and then reports a fault of its own', async () => {
    await using gateway = await gatewayThat(() => ({ status: 500, body: 'no' }));
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);

    // One attempt and three more (lambda/http/transport/retry.ts), all for the first group.
    expect(pathsOf(gateway)).toEqual(new Array(4).fill('PUT /metrics/job/ci'));
    expect(delivery).toMatchObject({
      accepted: 0,
      problems: [
        { kind: 'unavailable', message: textLike(/fault of its own.*; 3 other groups were not pushed after that$/) },
      ],
    });
  });

  it('by not being there costs one problem', async () => {
    const gone = await gatewayThat(() => undefined);
    await gone.close();
    await using sink = pushgatewaySink({ url: gone.url });

    const delivery = await sink.write(three);

    expect(delivery).toMatchObject({
      accepted: 0,
      problems: [{ kind: 'unavailable', message: textLike(/ECONNREFUSED/) }],
    });
    expect(delivery.problems).toHaveLength(1);
  });

  it('by never answering ends with the deadline', async () => {
    await using gateway = await startLoopbackServer(() => undefined);
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three, 300);

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'timeout' }] });
  });

  it('for one group only keeps the others', async () => {
    await using gateway = await gatewayThat((_method, path) =>
      path.endsWith('/source/b')
        ? { status: 400, body: 'text format parsing error in line 1: invalid metric name' }
        : undefined,
    );
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);

    expect(delivery.accepted).toBe(4);
    expect(delivery.problems).toMatchObject([
      {
        kind: 'rejected',
        where: textLike(/PUT .*\/source\/b$/),
        message: textLike(
          /^not stored: answered 400 "text format parsing error .*one before 1\.5\.0 does not know gzip/,
        ),
      },
    ]);
  });

  it('for a page that is too large says where the limit is', async () => {
    await using gateway = await gatewayThat((_method, path) =>
      path.endsWith('/source/b') ? { status: 413 } : undefined,
    );
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);

    expect(delivery).toMatchObject({
      accepted: 4,
      problems: [{ kind: 'rejected', message: textLike(/client_max_body_size/) }],
    });
  });

  it('for the same metric again and again is not asked for ever', async () => {
    const blame = 'collected metric "ci_never_pushed" { } is not a GAUGE';
    const names = Array.from({ length: 20 }, (_, index) => `ci_${String(index)}`);
    let next = 0;
    await using stubborn = await gatewayThat(() => {
      next += 1;
      return { status: 400, body: `collected metric "ci_${String(next)}" { } is not a GAUGE` };
    });
    await using stranger = await gatewayThat(() => ({ status: 400, body: blame }));
    const batch = batchOf([], { health: names.map((name) => gaugeOf(name, [{ labels: {}, value: 1 }])), sources: [] });
    await using first = pushgatewaySink({ url: stubborn.url });
    await using second = pushgatewaySink({ url: stranger.url });

    const [ofStubborn, ofStranger] = [await first.write(batch), await second.write(batch)];

    expect(ofStubborn).toMatchObject({ accepted: 0, requests: 6 });
    expect(ofStubborn.problems).toHaveLength(6);
    expect(ofStranger).toMatchObject({ accepted: 0, requests: 1 });
  });
});

describe('looking for the groups of removed sources', () => {
  it('costs no data when it fails, and is tried again', async () => {
    let isBroken = true;
    await using gateway = await gatewayThat((method) => (method === 'GET' && isBroken ? { status: 403 } : undefined));
    await using sink = pushgatewaySink({ url: gateway.url });

    const first = await sink.write(three);
    isBroken = false;
    await sink.write(three);
    await sink.write(three);

    expect(first).toMatchObject({ accepted: 6, problems: [] });
    expect(sink.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'groups of removed sources could not be looked for', fields: { sink: 'pushgateway' } },
    ]);
    expect(pathsOf(gateway).filter((path) => path.startsWith('GET'))).toHaveLength(2);
  });

  it.each([
    ['is too large', 'x'.repeat(5 * 1024 * 1024)],
    ['is not that of a Pushgateway', '<html>Welcome</html>'],
  ])('is given up when the list %s', async (_, body) => {
    await using gateway = await gatewayThat((method) => (method === 'GET' ? { status: 200, body } : undefined));
    await using sink = pushgatewaySink({ url: gateway.url });

    const delivery = await sink.write(three);
    await sink.write(three);

    expect(delivery.problems).toEqual([]);
    expect(pathsOf(gateway).filter((path) => path.startsWith('GET'))).toHaveLength(1);
  });

  it('is not begun when the gateway could not be reached', async () => {
    await using gateway = await gatewayThat(() => ({ status: 401 }));
    await using sink = pushgatewaySink({ url: gateway.url });

    await sink.write(three);

    expect(pathsOf(gateway)).toEqual(['PUT /metrics/job/ci']);
  });
});

describe('the settings', () => {
  it.each(['job', 'source'])('refuse a grouping label %s, which the sink sets itself', (name) => {
    const parsed = PushgatewayConfig.safeParse({
      kind: 'pushgateway',
      url: 'https://gateway.example.com',
      grouping: { [name]: 'x' },
    });

    expect(parsed.error?.issues).toMatchObject([
      { path: ['grouping'], message: textLike(/^must not have job or source/) },
    ]);
  });
});
