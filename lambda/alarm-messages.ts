/** The entry of the function that makes one message of each change of an alarm and puts it on the event bus. */

/** CloudWatch calls it as the action of an alarm; the bus hands it what no action tells. It reads no secret. */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import * as z from 'zod';
import { createAlarmReader } from './alarms/alarm-reader.ts';
import { parseChange } from './alarms/change.ts';
import { decideTellings } from './alarms/decide.ts';
import { type EventBus, putMessages } from './alarms/event-bus.ts';
import { buildMessage, type Sender } from './alarms/message.ts';
import { createSigV4Signer } from './http/auth/sigv4.ts';
import { createAwsAgents } from './http/transport/aws-agents.ts';
import { parseProxyRules, parseProxySettings } from './http/transport/proxy.ts';
import { createLambdaLog } from './log/lambda-log.ts';
import { cleanError } from './secrets/redaction/clean-error.ts';
import { createRedactor } from './secrets/redaction/redactor.ts';

const Json = z.string().transform((json): unknown => JSON.parse(json));
const Settings = z.object({
  collector: z.string(),
  console: z.string(),
  logGroup: z.string(),
  dashboard: z.string(),
  runbook: z.string(),
  ciPages: Json.pipe(z.record(z.string(), z.string())),
});
const Environment = z.object({ ALARM_MESSAGES: Json.pipe(Settings), AWS_REGION: z.string() });

const Answer = z.object({ response: z.object({ statusCode: z.int(), body: z.instanceof(Readable) }) });

/** Before the time-out of the function, which is 30 s. */
const budgetMs = 25_000;

const { ALARM_MESSAGES: settings, AWS_REGION: region } = Environment.parse(process.env);
const redactor = createRedactor();
const log = createLambdaLog({ level: 'info', redactor });
const agents = createAwsAgents(parseProxyRules(parseProxySettings(process.env)));
const client = new CloudWatchClient({ requestHandler: { ...agents } });

const bus: EventBus = {
  // Redirected as a client of the SDK would be.
  url: new URL(process.env['AWS_ENDPOINT_URL'] ?? `https://events.${region}.${findDomain(region)}/`),
  sign: createSigV4Signer({
    service: 'events',
    region,
    credentials: async () => {
      const credentials = await client.config.credentials();
      redactor.remember(credentials.secretAccessKey);
      return credentials;
    },
    clock: Date.now,
  }),
  send: async (request) => {
    const answer: unknown = await client.config.requestHandler.handle(request);
    const { statusCode, body } = Answer.parse(answer).response;
    return { status: statusCode, body: await text(body) };
  },
};

/** The accounts of the partitions have addresses of their own. */
function findDomain(name: string): string {
  return name.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** Tells what there is to tell; an error is thrown, so that Lambda calls again and then keeps the call. */
export async function handler(
  event: unknown,
  context: { readonly invokedFunctionArn: string },
): Promise<{ readonly told: number }> {
  try {
    const change = parseChange(event);
    const reader = createAlarmReader(
      client,
      `${settings.collector}/`,
      AbortSignal.timeout(budgetMs),
      (alarm, error) => {
        log.warn('what is on in an alarm cannot be read, so that it is told as a whole', {
          alarm,
          error: cleanError(error, redactor).message,
        });
      },
    );
    const sender: Sender = { ...settings, region, account: context.invokedFunctionArn.split(':')[4] ?? '' };
    const messages = (await decideTellings(change, reader)).map((telling) => buildMessage(telling, sender));
    await putMessages(messages, bus);
    log.info('alarm changed', { alarm: change.alarm, state: change.state, from: change.from, told: messages.length });
    return { told: messages.length };
  } catch (error) {
    throw cleanError(error, redactor);
  }
}
