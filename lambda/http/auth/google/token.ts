/** Requests access tokens of Google Cloud, and describes why one was refused. */
import * as z from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import { SecretUnavailableError } from '../../../secrets/secrets.ts';
import { HttpStatusError } from '../../errors/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../port.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import { refuseWebPage } from '../../answers/web-page.ts';
import { whereOf } from '../../where.ts';

export interface AccessToken {
  readonly value: string;
  /** Epoch milliseconds. */
  readonly endsAtMs: number;
}

export interface TokenPorts {
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Told every secret value before it is sent or kept. */
  readonly rememberSecret: (value: string) => void;
}

/** How long may be waited for a token. */
export type Waiting = Pick<HttpRequest, 'signal' | 'remainingMs'>;

export interface TokenRequest {
  readonly url: URL;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** What is asked for, and what to check where it is refused. */
  readonly what: string;
  readonly remedy: string;
}

/**
 * Asks for a token; the same question may be asked again. @throws SecretUnavailableError where it is refused, HttpError
 */
export async function requestToken(
  { url, contentType, headers, body, what, remedy }: TokenRequest,
  { http }: Pick<TokenPorts, 'http'>,
  waiting: Waiting,
): Promise<HttpResponse> {
  try {
    const answer = await http.send({
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': contentType, ...headers },
      body,
      ...waiting,
      idempotent: true,
      parseRefusalText,
    });
    refuseWebPage(answer, whereOf('POST', url));
    return answer;
  } catch (error) {
    if (!(error instanceof HttpStatusError) || error.status >= 500 || error.status === 429) throw error;
    const said = error.excerpt === '' ? String(error.status) : `${String(error.status)} "${error.excerpt}"`;
    throw createUnavailableError(`${error.where}: ${what} was refused (${said}); ${remedy}`, error);
  }
}

/** The JSON of an answer. @throws SyntaxError */
export function parseAnswerJson({ body }: Pick<HttpResponse, 'body'>): unknown {
  return parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body));
}

export function createUnavailableError(message: string, cause?: unknown): SecretUnavailableError {
  return new SecretUnavailableError(message, { cause, reason: 'credentials' });
}

/** RFC 6749, section 5.2, and google.rpc.Status as Google's APIs write it. */
const Refused = z.union([
  z.object({ error: z.string(), error_description: z.string().optional() }),
  z.object({ error: z.object({ message: z.string() }) }),
]);

function parseRefusalText(answer: Pick<HttpResponse, 'body'>): string | undefined {
  try {
    const refused = Refused.parse(parseAnswerJson(answer));
    if (!('error_description' in refused))
      return typeof refused.error === 'string' ? refused.error : refused.error.message;
    return [refused.error, refused.error_description].filter((text) => text !== undefined).join(': ');
  } catch {
    return undefined;
  }
}
