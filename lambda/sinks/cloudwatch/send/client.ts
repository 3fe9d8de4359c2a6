/** Calls PutMetricData by the AWS SDK, and repeats only what CloudWatch can take twice. */
import { CloudWatchClient, type CloudWatchClientConfig, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { HttpRequest } from '@smithy/protocol-http';
import { findConnectionCode, isNeverSentCode } from '../../../http/errors/connection-reasons.ts';
import type { AssumedRole, AwsAccess } from '../../../http/auth/aws-credentials.ts';
import { version } from '../../../version.ts';
import { beforeEachSending, createRememberingMiddleware } from '../../../secrets/redaction/sdk-requests.ts';
import type { SinkPorts } from '../../sink.ts';
import { compressBody, type EncodedBody } from '../encode/compress-body.ts';
import { answerTimeoutMs, connectTimeoutMs, maxAttempts, maxConcurrentRequests } from '../limits.ts';

/** How a call ended; the bytes were on the wire in either case. */
export interface PutAnswer {
  /** Of the body as sent, after compression. */
  readonly bytes: number;
  readonly error?: unknown;
}

export interface MetricBody {
  readonly namespace: string;
  /** The request as JSON, before compression. */
  readonly body: Uint8Array;
}

/** Where the client sends to, and as whom. */
export interface ClientIdentity {
  /** Undefined: the Region of the process. */
  readonly region: string | undefined;
  /** Undefined: the process itself, by the SDK's own chain. */
  readonly role: AssumedRole | undefined;
  readonly aws: AwsAccess;
  readonly redactor?: SinkPorts['redactor'];
}

export interface MetricClient {
  put(input: MetricBody, reading: 'level' | 'sums', signal: AbortSignal): Promise<PutAnswer>;
}

/**
 * PutMetricData over the SDK. It is not idempotent: a request that CloudWatch took and whose answer was lost is stored
 * a second time by a retry. Levels are read by Maximum, Minimum or Average, in which a second copy is invisible, so
 * they get every retry. Sums would count twice, so a request with a sum in it is tried again only after an answer or
 * an error that proves that it was not taken; a lost answer is told as a loss, because a number that is missing and
 * known to be missing is better than one that is silently too high.
 */
export function createMetricClient(identity: ClientIdentity): MetricClient {
  const { redactor } = identity;
  const forLevels = createClient(buildClientOptions(identity, true), redactor);
  let forSums: CloudWatchClient | undefined;
  const chooseClient = (reading: 'level' | 'sums'): CloudWatchClient => {
    if (reading === 'level') return forLevels;
    // A kept connection may have died while the function was frozen, and the first write on it gets no answer.
    forSums ??= createClient(
      { ...buildClientOptions(identity, false), retryStrategy: createCarefulRetries(forLevels) },
      redactor,
    );
    return forSums;
  };
  return {
    put: async (input, reading, signal) => {
      const answer = await put(chooseClient(reading), input, signal);
      if (redactor !== undefined && answer.error instanceof Error)
        answer.error.message = redactor.redactText(answer.error.message);
      return answer;
    },
  };
}

function createClient(options: CloudWatchClientConfig, redactor: SinkPorts['redactor']): CloudWatchClient {
  const client = new CloudWatchClient(options);
  client.middlewareStack.add(createRememberingMiddleware(redactor), beforeEachSending);
  // It copies every input for a log line that is not written: a tenth of the CPU time of a large delivery.
  client.middlewareStack.remove('loggerMiddleware');
  // It knows no level, and compresses with the one that takes three times as long.
  client.middlewareStack.remove('compressionMiddleware');
  return client;
}

function buildClientOptions({ region, role, aws }: ClientIdentity, keepAlive: boolean): CloudWatchClientConfig {
  const pool = { maxSockets: maxConcurrentRequests, keepAlive };
  return {
    ...(region === undefined ? {} : { region }),
    ...(role === undefined ? {} : { credentials: () => getSessionCredentials(aws, role) }),
    maxAttempts,
    customUserAgent: [['ci-metrics-collector', version]],
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      ...(aws.agents?.(pool) ?? { httpAgent: pool, httpsAgent: pool }),
    },
  };
}

async function getSessionCredentials({ credentials }: AwsAccess, role: AssumedRole) {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials(role);
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiration }),
  };
}

/** The SDK signs and sends a body that is written and compressed already: its own writing of it takes twice as long. */
async function put(client: CloudWatchClient, { namespace, body }: MetricBody, signal: AbortSignal): Promise<PutAnswer> {
  const command = new PutMetricDataCommand({ Namespace: namespace, MetricData: [] });
  let bytes = 0;
  command.middlewareStack.add(
    (next) => async (args) => next({ ...args, request: replaceBody(args.request, await encodeBody(client, body)) }),
    // After the SDK's own serializer.
    { step: 'serialize', priority: 'low', name: 'writtenBody' },
  );
  command.middlewareStack.add(
    (next) => (args) => {
      // Once an attempt: the last one counts, because retries are not counted.
      bytes = measureBody(args.request);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'countBodyBytes' },
  );
  try {
    await client.send(command, { abortSignal: signal });
    return { bytes };
  } catch (error) {
    return { bytes, error };
  }
}

/** `AWS_DISABLE_REQUEST_COMPRESSION` and its twin in the AWS configuration file hold here as in every program. */
async function encodeBody({ config }: CloudWatchClient, body: Uint8Array): Promise<EncodedBody> {
  return (await config.disableRequestCompression()) ? { body, headers: {} } : compressBody(body);
}

function replaceBody(request: unknown, { body, headers }: EncodedBody): unknown {
  if (!HttpRequest.isInstance(request)) throw new TypeError('the AWS SDK has made a request of an unknown kind');
  request.body = body;
  Object.assign(request.headers, headers);
  return request;
}

function measureBody(request: unknown): number {
  if (typeof request !== 'object' || request === null || !('body' in request)) return 0;
  const { body } = request;
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : 0;
}

type RetryStrategy = Exclude<Awaited<ReturnType<CloudWatchClient['config']['retryStrategy']>>, { retry: unknown }>;
type RetryErrorInfo = Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1];

/** The SDK's own strategy, asked only after errors that prove that the request was not taken. */
function createCarefulRetries({ config }: CloudWatchClient): RetryStrategy {
  const getStandardStrategy = async (): Promise<RetryStrategy> => {
    const strategy = await config.retryStrategy();
    if ('acquireInitialRetryToken' in strategy) return strategy;
    throw new TypeError('the AWS SDK has a retry strategy of an unknown kind');
  };
  let known: RetryStrategy | undefined;
  return {
    acquireInitialRetryToken: async (scope) => {
      known = await getStandardStrategy();
      return known.acquireInitialRetryToken(scope);
    },
    refreshRetryTokenForRetry: async (token, info) => {
      if (!isNotTaken(info)) throw new Error('the request may have been taken');
      return (await getStandardStrategy()).refreshRetryTokenForRetry(token, info);
    },
    recordSuccess: (token) => {
      known?.recordSuccess(token);
    },
  };
}

function isNotTaken({ errorType, error }: RetryErrorInfo): boolean {
  if (errorType === 'THROTTLING') return true;
  const code = error instanceof Error ? findConnectionCode(error) : undefined;
  return code !== undefined && isNeverSentCode(code);
}
