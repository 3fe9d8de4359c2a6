/** Reads pages of the text format as a backend would: from a file, from standard output, or out of a request. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../servers/process.ts';
import { canaries } from '../../support/canary.ts';
import type { ReceivedRequest, ReceivedValue, StartReceiver } from './facts.ts';

/** Replaced as a whole by each run. */
export function receiveFile(name: string): StartReceiver {
  return (_behaviour, { folder }) =>
    Promise.resolve({
      url: 'http://unused.example',
      received: async () => {
        const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
        return text === undefined ? [] : [{ ...pageRequest(text), replaces: 'file' }];
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
}

/** One page a run, of which each stands for itself. */
export const receivePrinted: StartReceiver = (_behaviour, { printed }) =>
  Promise.resolve({
    url: 'http://unused.example',
    received: () => Promise.resolve(printed.map(pageRequest)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });

/** A name that nothing has, so that a page is not told to listen where a server of the test listens already. */
const scrapedHost = 'page.test';

/** Where a page is told to listen by the URL of a test: at the address that is scraped, or at any. */
export function addressToScrape(url: string): string {
  const { hostname, port } = new URL(url);
  return `127.0.0.1:${hostname === scrapedHost ? port : '0'}`;
}

/** The page that a sink serves, read as by a scraper: its text, and from OpenMetrics when totals began. */
export const receiveScraped: StartReceiver = async () => {
  const port = String(await freePort());
  const scrape = async (accept: string): Promise<string | undefined> => {
    const authorization = `Basic ${Buffer.from(`prometheus:${canaries.token}`).toString('base64')}`;
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept, authorization } }).catch(
      () => undefined,
    );
    return answer?.status === 200 ? await answer.text() : undefined;
  };
  return {
    url: `http://${scrapedHost}:${port}`,
    received: async () => {
      const text = await scrape('text/plain;version=0.0.4');
      const open = await scrape('application/openmetrics-text;version=1.0.0');
      if (text === undefined || open === undefined) return [];
      const request = pageRequest(text);
      const values = withStarts(request.values, valuesOfPage(open));
      return [{ ...request, values, stored: values, replaces: 'page' }];
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};

/** OpenMetrics tells the start of a total in a line of its own. */
function withStarts(values: readonly ReceivedValue[], open: readonly ReceivedValue[]): readonly ReceivedValue[] {
  const keyOf = (base: string, labels: Readonly<Record<string, string>>): string => {
    const pairs = Object.entries(labels).filter(([name]) => name !== 'le');
    return JSON.stringify([base, pairs.sort()]);
  };
  const starts = new Map(
    open
      .filter(({ name }) => name.endsWith('_created'))
      .map(({ name, labels, values: [seconds = NaN] }) => [keyOf(name.replace(/_created$/, ''), labels), seconds]),
  );
  return values.map((value) => {
    const seconds = starts.get(keyOf(value.name.replace(/_(total|bucket|sum|count)$/, ''), value.labels));
    return value.kind === 'total' && seconds !== undefined ? { ...value, startMs: Math.round(seconds * 1000) } : value;
  });
}

function pageRequest(text: string): ReceivedRequest {
  const values = valuesOfPage(text);
  return { bytes: Buffer.byteLength(text), values, stored: values, isConfirmed: true };
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Written apart from the collector's own reader and writer of pages, so that a mistake there is found here. */
export function valuesOfPage(text: string): readonly ReceivedValue[] {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  return text.split('\n').flatMap((line): readonly ReceivedValue[] => {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const isTotal =
      types.get(name) === 'counter' || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
    const pairs = [...labels.matchAll(labelPair)].map(([, label = '', content = '']) => [label, content] as const);
    return [{ name, labels: Object.fromEntries(pairs), kind: isTotal ? 'total' : 'level', values: [Number(value)] }];
  });
}
