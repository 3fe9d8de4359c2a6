/** The registry entry of the page to scrape. */
import { defineSink } from '../sink.ts';
import { ScrapePageConfig } from './config.ts';

export const scrapePage = defineSink({
  kind: 'scrape-page',
  title: 'Page to scrape',
  config: ScrapePageConfig,
  notInFunction:
    'nothing listens in AWS Lambda between two runs, so nobody could scrape it; it is for `collect --every`, and a function writes to Prometheus with remote-write or pushgateway',
  secretsOf: ({ auth, tls }) => [auth?.basic.password, tls?.cert, tls?.key].filter((ref) => ref !== undefined),
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createScrapePage,
});
