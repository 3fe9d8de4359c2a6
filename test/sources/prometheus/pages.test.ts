/** Every odd page is scraped by a real Prometheus 3, and by the collector with remote write: both must store the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mapConcurrently } from '../../../lambda/runtime/map-concurrently.ts';
import { eventually } from '../../servers/process.ts';
import { type QueriedSample, type QueryServer, startPrometheus } from '../../servers/prometheus.ts';
import { withPrometheus3 } from '../../servers/require.ts';
import { type LoopbackServer, startLoopbackServer } from '../../support/network/loopback-server.ts';
import { prometheusPipeline } from './harness.ts';
import { type OddPage, oddPages, textType } from './odd-pages.ts';

/** Times on pages are those of the start, whenever they are read. */
const seconds = Math.floor(Date.now() / 1000);

function pathOf(page: OddPage): string {
  return `/${String(oddPages.indexOf(page))}`;
}

function bodyOf({ body }: OddPage): string | Uint8Array {
  return typeof body === 'function' ? body(seconds) : body;
}

async function servePages(): Promise<LoopbackServer> {
  return startLoopbackServer((request, response) => {
    const page = oddPages.find((one) => pathOf(one) === request.url);
    const type = page?.contentType ?? textType;
    if (type !== '') response.setHeader('content-type', type);
    response.writeHead(page === undefined ? 404 : 200).end(page === undefined ? '' : bodyOf(page));
  });
}

async function startScraper(command: string, target: string): Promise<QueryServer> {
  const jobs = oddPages.map((page) => ({
    job_name: page.name,
    metrics_path: pathOf(page),
    scrape_interval: '1s',
    static_configs: [{ targets: [target] }],
    ...page.job,
  }));
  return startPrometheus({ command, config: JSON.stringify({ scrape_configs: jobs }) });
}

async function relayPage(page: OddPage, target: string, receiver: string): Promise<void> {
  await using pipeline = await prometheusPipeline(
    { job: page.name, targets: [{ url: `http://${target}${pathOf(page)}` }], ...page.source },
    [{ kind: 'remote-write', url: `${receiver}/api/v1/write`, version: '2.0' }],
  );
  await pipeline.run();
}

/** Only a server that scrapes has the second one, and how long it took is another time each time. */
const others = '__name__!~"scrape_duration_seconds|scrape_series_added"';

/** What was scraped, by job; how many samples stood before the fault of a page that is refused, only a scraper tells. */
async function stored(server: QueryServer): Promise<ReadonlyMap<string, readonly string[]>> {
  const samples = await server.query(`{job!="",${others}} and on (job) up == 1 or up`);
  const byJob = Map.groupBy(samples, ({ labels }) => labels['job'] ?? '');
  return new Map([...byJob].map(([job, found]) => [job, found.map(textOf).toSorted()]));
}

function textOf({ labels, value }: QueriedSample): string {
  const own = Object.entries(labels).filter(([name]) => name !== 'collector');
  return `${JSON.stringify(own.toSorted())} ${value}`;
}

withPrometheus3('what a Prometheus stores of a page', (command) => {
  let pages: LoopbackServer;
  let scraper: QueryServer;
  let receiver: QueryServer;
  let scraped: ReadonlyMap<string, readonly string[]>;
  let relayed: ReadonlyMap<string, readonly string[]>;

  beforeAll(async () => {
    pages = await servePages();
    const target = `127.0.0.1:${String(pages.port)}`;
    scraper = await startScraper(command, target);
    receiver = await startPrometheus({ command });
    await mapConcurrently(oddPages, 4, (page) => relayPage(page, target, receiver.url));
    await eventually(
      () => scraper.query('count(scrape_samples_scraped)'),
      ([count]) => count?.value === String(oddPages.length),
    );
    scraped = await stored(scraper);
    relayed = await stored(receiver);
  });

  afterAll(async () => {
    await Promise.all([pages.close(), scraper.close(), receiver.close()]);
  });

  it('is compared for more than sixty pages', () => {
    expect(oddPages.length).toBeGreaterThan(60);
    expect(new Set(oddPages.map(({ name }) => name)).size).toBe(oddPages.length);
    expect([...scraped.keys()].toSorted()).toEqual(oddPages.map(({ name }) => name).toSorted());
  });

  it.each(oddPages.map((page) => [page.name, page] as const))(
    'is what the collector has sent of it: %s',
    (name, page) => {
      const expected = scraped.get(name) ?? [];

      expect(
        expected.some((series) => series.includes('"__name__","up"') && series.endsWith(` ${String(page.up)}`)),
      ).toBe(true);
      expect(relayed.get(name)).toEqual(expected);
    },
  );
});
