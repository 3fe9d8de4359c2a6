/** Makes the sink: it holds the page of the last run and serves it to scrapers. */
import { selectFamilies } from '../../exposition/select-families.ts';
import { previewPage } from '../../exposition/write-page.ts';
import { describeHttpProblem } from '../../http/errors/problem.ts';
import { type Batch, findSkippedSources } from '../../model/batch.ts';
import type { Finding } from '../../model/finding.ts';
import type { Problem } from '../../model/problem.ts';
import { ListenError } from '../../runtime/listen.ts';
import { describeWrite } from '../describe-write.ts';
import type { CreateSink, SinkPorts } from '../sink.ts';
import { createLivePage, type LivePage } from '../../page/live-page.ts';
import { version } from '../../version.ts';
import { isLoopback, parseAddress } from './address.ts';
import { livePath, type ScrapePageConfig } from './config.ts';
import { type HeldPage, holdPage, computeLongestAge, writePlainPage } from './held-page.ts';
import { respond, type Served, type ShownPage } from './serve/respond.ts';
import { isLetIn, readCredentials, type ServerCredentials } from './serve/credentials.ts';
import { type PageServer, startServer } from './serve/server.ts';

/**
 * Replaces the page as a whole each run: what a failed source had is gone with it. What another run has just published
 * of one source must not be taken back, so that a run without that source leaves the page as it is.
 */
export const createScrapePage: CreateSink<ScrapePageConfig> = (config, ports) => {
  const where = `scrape-page/${config.name} ${config.listen}`;
  let held: HeldPage | undefined;
  const live = hasLivePage(config) ? openLivePage(config, ports) : undefined;
  const door = createDoor(config, ports, { page: () => choosePage(held, ports), live });

  return {
    open: async (signal) => {
      const url = await door.open(signal);
      return { metrics: `${url}${config.path}`, page: live === undefined ? undefined : `${url}${livePath}` };
    },
    noteRun: (report) => {
      live?.noteRun(report);
    },
    write: async (batch, { deadline: { signal } }) => {
      const skipped = describeSkipped(batch, where);
      if (skipped !== undefined) return { accepted: 0, requests: 0, bytes: 0, problems: [skipped] };
      const { text, samples, problems } = await writePlainPage(batch, config, where);
      // Before anything else, so that a certificate that cannot be renewed does not make the page old.
      held = holdPage(batch, config, text, ports.clock());
      live?.noteBatch(selectShown(batch, config));
      try {
        await door.open(signal);
      } catch (error) {
        const problem = describeOpeningProblem(error, where);
        const isServed = door.isOpen();
        const accepted = isServed ? samples : 0;
        return {
          accepted,
          requests: 1,
          bytes: isServed ? Buffer.byteLength(text) : 0,
          problems: [...problems, problem],
        };
      }
      return { accepted: samples, requests: 1, bytes: Buffer.byteLength(text), problems };
    },
    examine: async ({ deadline: { signal } }) => {
      try {
        const url = await door.open(signal);
        await door.close();
        return describeWrite(where, `can be served, at ${url}${config.path}`, undefined);
      } catch (error) {
        return isInUse(error)
          ? [describeListener(where)]
          : describeWrite(where, '', describeOpeningProblem(error, where));
      }
    },
    preview: async (batch) => {
      const skipped = describeSkipped(batch, where);
      if (skipped === undefined) return previewPage(await writePlainPage(batch, config, where));
      return { samples: 0, requests: 0, bytes: 0, lines: [], monthlyCost: [], problems: [skipped] };
    },
    close: async () => {
      live?.close();
      await door.close();
    },
  };
};

/** Metrics at its path take its place. */
function hasLivePage({ path }: ScrapePageConfig): boolean {
  return path !== livePath;
}

function openLivePage({ path }: ScrapePageConfig, { collector, intervalMs, clock }: SinkPorts): LivePage {
  return createLivePage({ collector, version, intervalMs, clock, metricsPath: path });
}

/** The page for people goes by the same allow and deny list as that for scrapers. */
function selectShown(batch: Batch, { metrics }: ScrapePageConfig): Batch {
  if (metrics === undefined) return batch;
  const sources = batch.sources.map((part) => ({ ...part, families: selectFamilies(part.families, metrics) }));
  return { ...batch, sources };
}

interface Door {
  /** Listens, or takes up what was renewed if it does already; the URL without a path. */
  readonly open: (signal: AbortSignal) => Promise<string>;
  readonly isOpen: () => boolean;
  readonly close: () => Promise<void>;
}

function createDoor(config: ScrapePageConfig, { secrets, log }: SinkPorts, shown: Pick<Served, 'page' | 'live'>): Door {
  let server: PageServer | undefined;
  let credentials: ServerCredentials | undefined;
  const served = {
    ...shown,
    path: config.path,
    isLocalOnly: isReachedLocally(config),
    isLetIn: (given: string | undefined) => credentials !== undefined && isLetIn(credentials, given),
  };
  return {
    open: async (signal) => {
      const renewed = await readCredentials(config, secrets, signal);
      if (server === undefined) {
        const address = parseAddress(config.listen);
        if (address === undefined) throw new TypeError('the address was not checked');
        server = await startServer(address, renewed.tls, (request, response) => {
          respond(request, response, served).catch((error: unknown) => {
            log.error('a request for the page was not answered', { sink: config.name, error });
            response.destroy();
          });
        });
      } else if (isRenewed(renewed.tls, credentials?.tls)) {
        server.renew(renewed.tls);
      }
      credentials = renewed;
      return server.url;
    },
    isOpen: () => server !== undefined,
    close: async () => {
      await server?.close();
      server = undefined;
    },
  };
}

function isReachedLocally({ listen }: ScrapePageConfig): boolean {
  const address = parseAddress(listen);
  return address !== undefined && isLoopback(address);
}

function isRenewed(now: ServerCredentials['tls'], before: ServerCredentials['tls']): boolean {
  return now?.cert !== before?.cert || now?.key !== before?.key;
}

/** An old page is not shown: its values would look like those of now. */
function choosePage(
  held: HeldPage | undefined,
  { clock, intervalMs }: Pick<SinkPorts, 'clock' | 'intervalMs'>,
): ShownPage {
  if (held === undefined) return { missing: 'no run has ended yet; the page comes with the first one' };
  const ageMs = clock() - held.heldSinceMs;
  if (ageMs <= computeLongestAge(intervalMs)) return held;
  const since = new Date(held.heldSinceMs).toISOString();
  return {
    missing: `the last run is ${String(Math.round(ageMs / 1000))} s ago (${since}); see what keeps the collector`,
  };
}

function describeOpeningProblem(error: unknown, where: string): Problem {
  if (error instanceof ListenError) return { kind: 'configuration', where, message: error.message };
  const problem = describeHttpProblem(error, where);
  if (problem === undefined) throw error;
  return problem;
}

function isInUse(error: unknown): boolean {
  if (!(error instanceof ListenError)) return false;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}

/** The doctor cannot tell the collector, which serves the page there, from a stranger. */
function describeListener(where: string): Finding {
  return {
    subject: 'write',
    where,
    verdict: 'unknown',
    message: 'something listens there already: this collector, if it runs now',
    remedy: 'leave it if that is so; otherwise end the other process, or choose another port',
  };
}

/** Another run publishes some of the sources at this moment. */
function describeSkipped(batch: Batch, where: string): Problem | undefined {
  const skipped = findSkippedSources(batch);
  if (skipped.length === 0) return undefined;
  const message = `left as it is, because another run publishes ${skipped.join(', ')} at this tick and a page is replaced as a whole; the next run shows all sources, and two collectors should not share one state`;
  return { kind: 'configuration', where, message };
}
