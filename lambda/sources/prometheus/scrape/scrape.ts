/** Requests the page of a target and parses it. */
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { BadResponseError } from '../../../http/errors/errors.ts';
import { whereOf } from '../../../http/where.ts';
import { buildAcceptHeader, detectFormat } from '../../../prometheus-text/content-type.ts';
import type { Keep } from '../../../prometheus-text/families/collect-families.ts';
import type { Page } from '../../../prometheus-text/page.ts';
import { createPageParser } from '../../../prometheus-text/parser.ts';
import { PageSyntaxError, TooManySeriesError } from '../../../prometheus-text/syntax-error.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { SourcePorts } from '../../source.ts';
import type { PrometheusConfig, Target } from '../config.ts';
import { LimitError } from '../relabel/relay.ts';

const fallbackHint =
  'where the body is a metrics page all the same, set fallbackFormat of the source to text or openmetrics';

const bytesPerMegabyte = 1024 * 1024;

/** Bytes that are parsed at a time: a line never needs the whole page as one text. */
const pieceBytes = 64 * 1024;

/** Reads a target's page. @throws HttpError, LimitError, SecretUnavailableError */
export async function scrape(
  config: PrometheusConfig,
  target: Target,
  keep: Keep,
  { http, secrets, clock, aws }: SourcePorts,
  deadline: Deadline,
): Promise<Page> {
  const url = new URL(target.url);
  const maxBytes = config.limits.megabytes * bytesPerMegabyte;
  const maxSeries = config.limits.samples === 0 ? Infinity : config.limits.samples;
  const signing = { aws, clock, service: config.sigv4Service };
  const response = await sendWithCredentials(config, { secrets, signing }, deadline.signal, (credentials) =>
    http.send({
      method: 'GET',
      url,
      ...credentials,
      headers: {
        accept: buildAcceptHeader(config.prefer, config.utf8Names === 'keep' ? 'allow-utf-8' : 'underscores'),
        ...credentials.headers,
      },
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      maxResponseBytes: maxBytes,
    }),
  );
  const where = whereOf('GET', url);
  const format = detectFormat(response.headers['content-type'], config.fallbackFormat);
  if (typeof format === 'object') throw new BadResponseError(where, `${format.refused}; ${fallbackHint}`);
  try {
    const parser = createPageParser({ format, keep, limits: { maxBytes, maxSeries, maxMetrics: Infinity } });
    for (let from = 0; from < response.body.byteLength; from += pieceBytes)
      parser.write(response.body.subarray(from, from + pieceBytes));
    return parser.end();
  } catch (error) {
    if (error instanceof TooManySeriesError)
      throw new LimitError(`the page has more than ${String(maxSeries)} series after relabelling (limits.samples)`);
    if (error instanceof PageSyntaxError)
      throw new BadResponseError(where, `the page cannot be read, so nothing of it is used: ${error.message}`);
    throw error;
  }
}
