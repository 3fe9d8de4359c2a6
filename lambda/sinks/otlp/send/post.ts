/** Sends one message to the configured receiver, with everything that the operator asked for. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type HeaderSettings, sendWithHeaders } from '../../../http/auth/custom-headers.ts';
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import type { GoogleTokens } from '../../../http/auth/google/access-tokens.ts';
import type { Waiting } from '../../../http/auth/google/token.ts';
import type { HttpResponse } from '../../../http/port.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { countRequest, type Traffic } from '../../../series/delivery/traffic.ts';
import type { SinkPorts } from '../../sink.ts';
import { pickHttpSettings } from '../receiver/auth.ts';
import type { OtlpConfig } from '../config.ts';
import { buildQuotaHeaders } from '../receiver/google.ts';
import { maxAnswerBytes } from '../limits.ts';
import type { Target } from '../receiver/target.ts';
import { presets } from '../receiver/presets.ts';
import { parseRefusalText } from './parse-answer.ts';

/**
 * Whether the same message may arrive twice: levels and running totals say the same thing again, increases would count
 * twice.
 */
export type Repeats = 'harmless' | 'count twice';

/** Sends a message, not yet compressed. @throws as `HttpPort.send` does. */
export type Post = (message: Uint8Array, repeats: Repeats) => Promise<HttpResponse>;

export interface MeteredPost {
  readonly post: Post;
  readonly traffic: Readonly<Traffic>;
}

/**
 * OTLP, "OTLP/HTTP Throttling": a receiver that answers so did not take the message. The other answers that are worth a
 * retry (502, 504) come from something between, and say nothing of what the receiver did.
 */
export const notTakenStatuses: readonly number[] = [429, 503];

/** OTLP, "Retryable Response Codes": all but 429, 502, 503 and 504 MUST NOT be retried; of the others only 500 would be. */
const finalStatuses: readonly number[] = [500];

/** Fast: the bytes of a message repeat so much that more effort saves next to nothing. */
const gzipLevel = 1;

export async function compress(
  message: Uint8Array,
  { compression }: Pick<OtlpConfig, 'compression'>,
): Promise<Uint8Array> {
  return compression === 'none' ? message : await promisify(gzip)(message, { level: gzipLevel });
}

/** Whom messages go to, and as whom. */
interface Addressee {
  readonly config: OtlpConfig;
  readonly target: Pick<Target, 'url' | 'temporality'>;
  readonly ports: SinkPorts;
  /** Where the receiver takes tokens of Google Cloud. */
  readonly tokens: GoogleTokens | undefined;
}

export function createPost({ config, target, ports, tokens }: Addressee, deadline: Deadline): MeteredPost {
  const { url, temporality } = target;
  const { http, secrets, aws, clock } = ports;
  const { signal } = deadline;
  const waiting = { signal, remainingMs: () => deadline.remainingMs() };
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const where = whereOf('POST', url);
  const signing = { aws, clock, service: config.signingService };
  const fixed = {
    'content-type': config.encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    ...(config.compression === 'none' ? {} : { 'content-encoding': 'gzip' }),
    // A connection that was kept may have died while the function was frozen, and the write that finds out is a lost
    // answer: increases must not be sent twice, so they use no kept connection.
    ...(temporality === 'delta' ? { connection: 'close' } : {}),
  };
  const post: Post = async (message, repeats) => {
    const body = await compress(message, config);
    const isHarmless = repeats === 'harmless';
    const response = await countRequest(traffic, body.byteLength, () =>
      sendWithHeaders(buildHeaders(config), secrets, signal, (custom) =>
        sendWithCredentials(pickHttpSettings(config), { secrets, signing }, signal, (credentials) =>
          sendWithToken(tokens, waiting, (authorization) =>
            http.send({
              method: 'POST',
              url,
              headers: { ...custom, ...credentials.headers, ...authorization, ...fixed },
              body,
              ...waiting,
              idempotent: isHarmless,
              finalStatuses,
              ...(isHarmless ? {} : { undoneStatuses: notTakenStatuses }),
              maxResponseBytes: maxAnswerBytes,
              parseRefusalText,
              ...(credentials.tls === undefined ? {} : { tls: credentials.tls }),
              ...(credentials.prepare === undefined ? {} : { prepare: credentials.prepare }),
            }),
          ),
        ),
      ),
    );
    refuseWebPage(response, where);
    return response;
  };
  return { post, traffic };
}

/** A token that is refused is renewed once. */
async function sendWithToken(
  tokens: GoogleTokens | undefined,
  waiting: Waiting,
  use: (headers: Readonly<Record<string, string>>) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (tokens === undefined) return await use({});
  return await tokens.sendWithToken(waiting, (authorization) => use({ authorization }));
}

function buildHeaders(config: OtlpConfig): HeaderSettings {
  const { headers, apiKey, preset } = config;
  const keyHeader = preset === undefined ? undefined : presets[preset].keyHeader;
  const ofKey = apiKey === undefined || keyHeader === undefined ? {} : { [keyHeader]: apiKey };
  return { ...headers, ...ofKey, ...buildQuotaHeaders(config) };
}
