/** Makes a page to scrape as the wiring does, and asks it as a scraper would. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { Finding } from '../../../lambda/model/finding.ts';
import type { RunReport } from '../../../lambda/report/report.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { ScrapePageConfig } from '../../../lambda/sinks/scrape-page/config.ts';
import { createScrapePage } from '../../../lambda/sinks/scrape-page/create.ts';
import type { Delivery, Preview } from '../../../lambda/sinks/sink.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { recordingLog } from '../../support/recording-log.ts';

export interface PageUnderTest extends AsyncDisposable {
  /** Of the page, once it has been opened. */
  readonly url: () => string;
  readonly open: () => Promise<string>;
  readonly write: (batch: Batch) => Promise<Delivery>;
  readonly examine: () => Promise<readonly Finding[]>;
  readonly noteRun: (report: RunReport) => void;
  readonly preview: (batch: Batch) => Promise<Preview>;
  readonly close: () => Promise<void>;
}

export interface PageOptions {
  readonly variables?: Record<string, string>;
  readonly clock?: () => number;
  readonly intervalMs?: number;
}

const unused = (): never => {
  throw new Error('not part of this test');
};

export function scrapePage(
  settings: object = {},
  { variables = {}, clock = Date.now, intervalMs = 60_000 }: PageOptions = {},
): PageUnderTest {
  const config = ScrapePageConfig.parse({ kind: 'scrape-page', listen: '127.0.0.1:0', ...settings });
  const store = createEnvironmentStore(variables);
  const log = recordingLog();
  const stores = { secret: store, parameter: store, env: store, file: store };
  // Each run finds the cached values too old, so that one that changes is seen by the next run.
  let runs = 0;
  const cache = createSecrets({
    ...{ stores, cacheMs: 1, redactor: createRedactor(), log },
    clock: () => runs * 3_600_000,
  });
  const { secrets } = cache;
  const sink = createScrapePage(config, {
    http: { send: unused, withoutSecrets: unused, takeMeter: unused, readClocks: unused },
    ...{ secrets, clock, log, collector: 'ci', intervalMs, print: unused, aws: noAws },
  });
  let url = '';
  const open = async (): Promise<string> => {
    url = (await sink.open?.(AbortSignal.timeout(10_000)))?.metrics ?? '';
    return url;
  };
  const close = async (): Promise<void> => {
    await sink.close?.();
  };
  return {
    url: () => url,
    open,
    close,
    write: async (batch) => {
      using deadline = createDeadline(10_000, Date.now);
      runs += 1;
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    examine: async () => {
      using deadline = createDeadline(10_000, Date.now);
      return (await sink.examine?.({ deadline, metrics: [], nowMs: clock() })) ?? [];
    },
    noteRun: (report) => {
      sink.noteRun?.(report);
    },
    preview: async (batch) => await sink.preview(batch),
    [Symbol.asyncDispose]: close,
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

/** Without what a library adds or decodes on its own. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, ca }: { method?: string; headers?: Record<string, string>; ca?: string } = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  send(url, { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) }, (response) => {
    buffer(response).then((body) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString('utf8') });
    }, reject);
  })
    .on('error', reject)
    .end();
  return await promise;
}
