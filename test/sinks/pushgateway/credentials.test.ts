/** Tests of passwords, tokens and client certificates of the sink `pushgateway` against a real gateway. */
import { expect, it } from 'vitest';
import { startPushgateway } from '../../servers/pushgateway.ts';
import { withPushgateway } from '../../servers/require.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { batchOf, partOf, queues } from '../remote-write/batches.ts';
import { pushgatewaySink, textLike } from './harness.ts';

/** bcrypt of `correct horse`, at the lowest cost that there is. */
const users = { ci: '$2b$04$If0n3mIzivqFLU2ATgDqtOuRbnujOHPw4cQd9qCip.5tCIxiQTEGW' };
const visitor = { headers: { authorization: `Basic ${Buffer.from('ci:correct horse').toString('base64')}` } };
const auth = { basic: { username: 'ci', password: { env: 'PASSWORD' } } };

withPushgateway('a Pushgateway that asks who comes', (command) => {
  it('lets in a user with the right password', async () => {
    await using gateway = await startPushgateway({ command, users });
    await using sink = pushgatewaySink({ url: gateway.url, auth });
    sink.variables['PASSWORD'] = 'correct horse\n';

    const delivery = await sink.write(batchOf([queues(2)]));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect(await gateway.groups(visitor)).toHaveLength(2);
  });

  it('lets in a password that was rotated, within the run', async () => {
    await using gateway = await startPushgateway({ command, users });
    await using sink = pushgatewaySink({ url: gateway.url, auth });
    sink.variables['PASSWORD'] = canaries.token;
    const before = await sink.write(batchOf([queues(2)]));
    sink.variables['PASSWORD'] = 'correct horse';

    const delivery = await sink.write(
      batchOf([], { sources: ['a', 'b', 'c'].map((source) => partOf([queues(2)], { source })) }),
    );

    expect(before).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
    expect(delivery).toMatchObject({ accepted: 6, problems: [] });
    expectNoCanary([before, sink.log.lines]);
  });

  it('refuses a wrong password once for all groups, and the report says what to do', async () => {
    await using gateway = await startPushgateway({ command, users });
    await using sink = pushgatewaySink({ url: gateway.url, auth });
    sink.variables['PASSWORD'] = canaries.token;

    const delivery = await sink.write(
      batchOf([], { sources: ['a', 'b', 'c'].map((source) => partOf([queues(2)], { source })) }),
    );

    expect(delivery).toEqual({
      accepted: 0,
      requests: 1,
      bytes: 0,
      problems: [
        {
          kind: 'auth',
          where: textLike(/^pushgateway\/pushgateway PUT 127\.0\.0\.1:\d+\/metrics\/job\/ci$/),
          message: textLike(/^not stored: answered 401 ".*": .*secret; 3 other groups were not pushed after that$/),
        },
      ],
    });
    expectNoCanary([delivery, sink.log.lines]);
  });

  it('lets in a client certificate of its CA together with a password, and nobody without', async () => {
    await withAuthority(async (authority) => {
      const [server, client] = await Promise.all([authority.server('IP:127.0.0.1'), authority.client('collector')]);
      await using gateway = await startPushgateway({ command, users, tls: { ...server, clientCa: authority.cert } });
      const tls = { ca: { env: 'CA' }, cert: { env: 'CERT' }, key: { env: 'KEY' } };
      await using sink = pushgatewaySink({ url: gateway.url, auth, tls });
      await using stranger = pushgatewaySink({ url: gateway.url, auth, tls: { ca: { env: 'CA' } } });
      await using careless = pushgatewaySink({ url: gateway.url, auth });
      const variables = { CA: authority.cert, CERT: client.cert, KEY: client.key, PASSWORD: 'correct horse' };
      for (const one of [sink, stranger, careless]) Object.assign(one.variables, variables);

      const delivery = await sink.write(batchOf([queues(2)]));
      const refused = await stranger.write(batchOf([queues(2)]));
      const unknown = await careless.write(batchOf([queues(2)]));

      expect(delivery).toMatchObject({ accepted: 2, problems: [] });
      expect(refused).toMatchObject({
        accepted: 0,
        problems: [{ kind: 'auth', message: textLike(/client certificate/) }],
      });
      expect(unknown).toMatchObject({ accepted: 0, problems: [{ kind: 'unavailable', message: textLike(/tls\.ca/) }] });
      const groups = await gateway.groups({ ...visitor, tls: { ca: authority.cert, ...client } });
      expect(groups).toHaveLength(2);
    });
  });
});

it('a bearer token goes to a proxy before the gateway', async () => {
  await using server = await startLoopbackServer((_request, response) => {
    response.writeHead(200).end('{"status":"success","data":[]}');
  });
  await using sink = pushgatewaySink({ url: `${server.url}/push/`, auth: { bearer: { env: 'TOKEN' } } });
  sink.variables['TOKEN'] = canaries.token;

  const delivery = await sink.write(batchOf([queues(1)]));

  expect(delivery.problems).toEqual([]);
  expect(server.requests.map(({ method, path, headers }) => [method, path, headers['authorization']])).toEqual(
    [
      ['PUT', '/push/metrics/job/ci'],
      ['PUT', '/push/metrics/job/ci/source/main'],
      ['GET', '/push/api/v1/metrics'],
    ].map((request) => [...request, `Bearer ${canaries.token}`]),
  );
  expectNoCanary([delivery, sink.log.lines]);
});
