/** Reads the metrics page that the server keeps for an organization. */
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { BadResponseError } from '../../../http/errors/errors.ts';
import type { HttpResponse, TlsMaterial } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import { detectFormat } from '../../../prometheus-text/content-type.ts';
import type { Page } from '../../../prometheus-text/page.ts';
import { parsePage } from '../../../prometheus-text/parser.ts';
import { PageSyntaxError } from '../../../prometheus-text/syntax-error.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import type { SourcePorts } from '../../source.ts';
import type { ChainloopConfig } from '../config.ts';
import { checkClaims } from '../token-claims.ts';

/** Only that: with a wider choice the server may answer protobuf. */
const accept = 'text/plain;version=0.0.4';

/** The metrics page that the server keeps for an organization. @throws HttpError, SecretUnavailableError */
export async function readMetricsPage(
  config: ChainloopConfig,
  { http, secrets }: Pick<SourcePorts, 'http' | 'secrets'>,
  deadline: Deadline,
): Promise<Page> {
  const { url: origin, organization, token: ref, tls } = config;
  const url = new URL(`${origin.replace(/\/+$/, '')}/prom/${organization}/metrics`);
  const requestPage = (token: string, material: TlsMaterial | undefined): Promise<HttpResponse> =>
    http.send({
      method: 'GET',
      url,
      headers: { accept, authorization: `Bearer ${token}` },
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      ...(material === undefined ? {} : { tls: material }),
    });
  const response = await sendWithCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
    useWithRotation(secrets, ref, deadline.signal, async (secret) => {
      const token = secret.reveal().trim();
      checkClaims(organization, token);
      return await requestPage(token, credentials.tls);
    }),
  );
  return parseMetricsPage(response, whereOf('GET', url));
}

function parseMetricsPage({ headers, body }: HttpResponse, where: string): Page {
  const format = detectFormat(headers['content-type'] ?? 'text/plain');
  if (typeof format === 'object') throw new BadResponseError(where, format.refused);
  try {
    return parsePage(body, { format });
  } catch (error) {
    // The server sends 200 before it encodes, so an error text may stand at the end of a page.
    if (error instanceof PageSyntaxError)
      throw new BadResponseError(where, `the metrics page ends in an error or is damaged: ${error.message}`);
    throw error;
  }
}
