/** Reads the number that New Relic gives to a request that it took. */
import * as z from 'zod';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import type { Api } from '../encode/split-requests.ts';

/** "Report metrics via the Metric API", 202; Event API, "Success response code", 200. */
const answers: Readonly<Record<Api, z.ZodType<string>>> = {
  metrics: z.object({ requestId: z.string().min(1) }).transform(({ requestId }) => requestId),
  events: z.object({ success: z.literal(true), uuid: z.string().min(1) }).transform(({ uuid }) => uuid),
};

/** Undefined for an answer that is not New Relic's: whether the request was stored is then unknown. */
export function parseRequestId(api: Api, body: Uint8Array): string | undefined {
  try {
    return answers[api].parse(parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return undefined;
  }
}
