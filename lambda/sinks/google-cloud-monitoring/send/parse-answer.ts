/** Reads why Cloud Monitoring refuses a request, and how much of it is stored all the same. */
import * as z from 'zod';
import type { HttpResponse } from '../../../http/port.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';

export interface Refusal {
  readonly message: string;
  /** Points that were written; undefined where the answer does not say. */
  readonly stored: number | undefined;
  /** Place in the request of one of the series that were not. */
  readonly example: number | undefined;
}

const summaryType = 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary';

/** google.rpc.Status as Google's APIs write it. */
const ErrorBody = z.object({
  error: z.object({
    message: z.string().default(''),
    details: z.array(z.looseObject({ '@type': z.string().optional() })).default([]),
  }),
});

/** CreateTimeSeriesSummary (metric_service.proto); a field that is 0 is left out in JSON. */
const Summary = z.object({
  totalPointCount: z.int().min(0).default(0),
  successPointCount: z.int().min(0).default(0),
  errors: z
    .array(
      z.object({ status: z.object({ message: z.string().optional() }).optional(), pointCount: z.int().default(0) }),
    )
    .default([]),
});

/** Undefined for what is no error of Google's APIs. */
export function parseRefusal({ body }: Pick<HttpResponse, 'body'>): Refusal | undefined {
  const { success, data } = ErrorBody.safeParse(tryParseJson(body));
  if (!success) return undefined;
  const { message, details } = data.error;
  const detail = details.find((one) => one['@type'] === summaryType);
  const summary = detail === undefined ? undefined : Summary.safeParse(detail).data;
  // A summary of other points than those of one request is none of it.
  const isWhole = summary !== undefined && summary.totalPointCount >= summary.successPointCount;
  return { message, stored: isWhole ? summary.successPointCount : undefined, example: findExample(message) };
}

/** `timeSeries[3]`, and `timeSeries[0-2,7]` for several. */
function findExample(message: string): number | undefined {
  const position = /timeSeries\[(\d{1,3})/.exec(message)?.[1];
  return position === undefined ? undefined : Number(position);
}

function tryParseJson(body: Uint8Array): unknown {
  try {
    return parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
