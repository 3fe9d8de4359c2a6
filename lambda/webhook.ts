/** The entry of the webhook function: checks the signature of an event and puts it into the queue of its source. */

/** The scheduled function reads that queue. This one knows nothing of CI systems and reads no other secret. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { judgeWebhook, type WebhookAnswer } from './events/judge-webhook.ts';
import { type WebhookRequest, webhookSchemeNames } from './events/webhook-schemes.ts';
import { createAwsAgents } from './http/transport/aws-agents.ts';
import { parseProxyRules, parseProxySettings } from './http/transport/proxy.ts';
import { createLambdaLog } from './log/lambda-log.ts';
import { createEnvironmentStore } from './secrets/stores/environment.ts';
import { createFileStore } from './secrets/stores/file.ts';
import { createParameterStore } from './secrets/stores/parameter-store.ts';
import { cleanError } from './secrets/redaction/clean-error.ts';
import { createRedactor } from './secrets/redaction/redactor.ts';
import { beforeEachSending, createRememberingMiddleware } from './secrets/redaction/sdk-requests.ts';
import { rememberProxy } from './secrets/redaction/request-secrets.ts';
import { SecretRef } from './secrets/secret-ref.ts';
import { createSecretsManagerStore } from './secrets/stores/secrets-manager.ts';
import { warnOfWeakSecret } from './secrets/redaction/weak-secret.ts';
import { createSecrets } from './secrets/create-secrets.ts';
import { minuteMs } from './model/time.ts';

const Settings = z.object({
  queueUrl: z.url(),
  secret: z.string().transform((text) => SecretRef.parse(JSON.parse(text))),
  scheme: z.enum(webhookSchemeNames),
});
const settings = Settings.parse({
  queueUrl: process.env['WEBHOOK_QUEUE_URL'],
  secret: process.env['WEBHOOK_SECRET'],
  scheme: process.env['WEBHOOK_SCHEME'],
});

/** A rotated secret is accepted within this time, beside the reading anew after each refused signature. */
const cacheMs = 5 * minuteMs;

/** Bitbucket gives up after about 10 s; the rest is for the answer. */
const budgetMs = 8_000;

const redactor = createRedactor();
const log = createLambdaLog({ level: 'info', redactor });
// As every client, redirected by AWS_ENDPOINT_URL.
const proxy = parseProxySettings(process.env);
for (const url of [proxy.http, proxy.https]) rememberProxy(redactor, url?.trim());
const agents = createAwsAgents(parseProxyRules(proxy));
const client = new SQSClient({ useQueueUrlAsEndpoint: false, requestHandler: { ...agents } });
client.middlewareStack.add(createRememberingMiddleware(redactor), beforeEachSending);
const cache = createSecrets({
  stores: {
    secret: createSecretsManagerStore({}, redactor, agents),
    parameter: createParameterStore({}, redactor, agents),
    env: createEnvironmentStore(process.env),
    file: createFileStore((path) => readFile(path)),
  },
  clock: Date.now,
  cacheMs,
  redactor,
  onWeak: warnOfWeakSecret(log),
  log,
});

const Event = z.object({
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

/** Answers a delivery; an error of our own is thrown, so that the sender gets a 5xx and tries again. */
export async function handler(event: unknown): Promise<{ readonly statusCode: number }> {
  try {
    return await answerEvent(event);
  } catch (error) {
    throw cleanError(error, redactor);
  }
}

async function answerEvent(event: unknown): Promise<{ readonly statusCode: number }> {
  const { headers, body, isBase64Encoded, requestContext } = Event.parse(event);
  const request = {
    method: requestContext.http.method,
    headers,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
  const signal = AbortSignal.timeout(budgetMs);
  const answer = await judgeRequest(request, signal);
  if (answer.refusal === 'stale') log.warn('webhook refused: it was sent more than five minutes from now');
  else if (answer.status === 401) log.warn('webhook refused: what it proves is not the secret');
  if (answer.message !== undefined) {
    await client.send(new SendMessageCommand({ QueueUrl: settings.queueUrl, MessageBody: answer.message }), {
      abortSignal: signal,
    });
  }
  return { statusCode: answer.status };
}

/** Requests with a wrong signature must not make the function read the secret anew for each of them. */
const rereadEveryMs = minuteMs;
let rereadMs = 0;

/** A signature that does not fit is judged once more with the value as it is now: the secret may have been rotated. */
async function judgeRequest(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer> {
  const judgeWith = (secret: string): WebhookAnswer =>
    judgeWebhook(request, { secret, scheme: settings.scheme, nowMs: Date.now() });
  const answer = judgeWith((await cache.secrets.read(settings.secret, signal)).reveal());
  const nowMs = Date.now();
  // A delivery that is only late was signed with the secret as it is.
  if (answer.status !== 401 || answer.refusal !== undefined || nowMs - rereadMs < rereadEveryMs) return answer;
  rereadMs = nowMs;
  cache.startRun();
  const fresh = await cache.secrets.reread(settings.secret, signal);
  return fresh === undefined ? answer : judgeWith(fresh.reveal());
}
