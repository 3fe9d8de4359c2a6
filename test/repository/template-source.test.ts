import { describe, expect, it } from 'vitest';
import { example } from '../../docs/template-source/index.ts';
import { deadlineIn } from '../../lambda/runtime/deadline.ts';
import { environmentStore } from '../../lambda/secrets/environment.ts';
import { createRedactor } from '../../lambda/secrets/redaction.ts';
import { createSecrets } from '../../lambda/secrets/store.ts';
import type { Collection } from '../../lambda/sources/source.ts';
import { sources } from '../../lambda/sources/index.ts';
import { testPort } from '../http/port.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';
import { withoutLedger } from '../support/ledger.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { noAws } from '../support/no-aws.ts';

/** One run of the template against this server, with the real HTTP client and the real secret cache. */
async function collect(url: string): Promise<Collection> {
  await using http = testPort();
  const store = environmentStore({ EXAMPLE_TOKEN: canaries.token });
  const cache = createSecrets({
    stores: { secret: store, parameter: store, env: store, file: store },
    clock: Date.now,
    cacheMs: 60_000,
    redactor: createRedactor(),
    log: http.log,
  });
  const config = { kind: 'example', name: 'main', endpoint: `${url}/api`, auth: { bearer: { env: 'EXAMPLE_TOKEN' } } };
  const source = await example
    .prepare(config)
    .create({ http: http.port, aws: noAws, secrets: cache.secrets, clock: Date.now, log: http.log });
  using deadline = deadlineIn(60_000, Date.now);
  const collection = await source.collect({ deadline, tickMs: Date.now(), openLedger: withoutLedger });
  expectNoCanary([collection, http.log.lines]);
  return collection;
}

/** Answers by path; what is not there is a 404. */
function serve(pages: Readonly<Record<string, unknown>>) {
  return startLoopbackServer((_request, response, { path }) => {
    const page = pages[path];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(page ?? { message: 'not found' }));
  });
}

function queued({ families }: Collection): readonly (readonly [string | undefined, unknown])[] {
  return families.flatMap((family) =>
    family.type === 'gauge'
      ? family.samples
          .filter(({ labels }) => labels['state'] === 'queued')
          .map((sample) => [sample.labels['queue'], sample.value] as const)
      : [],
  );
}

describe('the template of a source', () => {
  it('is registered nowhere', () => {
    expect(sources.map(({ kind }): string => kind)).not.toContain(example.kind);
  });

  it('reads all pages with its token', async () => {
    await using server = await serve({
      '/api/queues': { queues: [{ name: 'a', waiting: 2, running: 1 }], next: '/api/queues?page=2' },
      '/api/queues?page=2': { queues: [{ name: 'b', waiting: 0, running: 0 }] },
    });

    const collection = await collect(server.url);

    expect(queued(collection)).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
    expect(collection.problems).toEqual([]);
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual([
      `Bearer ${canaries.token}`,
      `Bearer ${canaries.token}`,
    ]);
  });

  it('keeps the queues of the first page when the second one fails', async () => {
    await using server = await serve({
      '/api/queues': { queues: [{ name: 'a', waiting: 2, running: 1 }], next: '/api/queues?page=2' },
    });

    const collection = await collect(server.url);

    expect(queued(collection)).toEqual([['a', 2]]);
    expect(collection.problems.map(({ kind }) => kind)).toEqual(['configuration']);
  });

  it('keeps the other queues when one is not what the API documents', async () => {
    await using server = await serve({
      '/api/queues': {
        queues: [{ name: 'a' }, null, { name: ' ', waiting: 1, running: 1 }, { name: 'b', waiting: 3, running: 0 }],
      },
    });

    const collection = await collect(server.url);

    expect(queued(collection)).toEqual([['b', 3]]);
    expect(collection.problems).toMatchObject([{ kind: 'bad-response', where: 'example/main' }]);
  });

  it('takes its credentials to no other server', async () => {
    await using other = await serve({});
    await using server = await serve({ '/api/queues': { queues: [], next: `${other.url}/api/queues?page=2` } });

    const collection = await collect(server.url);

    expect(collection.problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(other.requests).toEqual([]);
  });

  it('has nothing to report about an empty list', async () => {
    await using server = await serve({ '/api/queues': { queues: [] } });

    expect(await collect(server.url)).toEqual({ families: [], problems: [] });
  });
});
