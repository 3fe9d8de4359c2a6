/** Reads an answer as JSON of a known shape. */
import type * as z from 'zod';
import { parseJsonText } from '../../model/text/outside-text.ts';
import { BadResponseError } from '../errors/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../port.ts';
import { checkAddress, whereOf } from '../where.ts';

export interface JsonAnswer<Value> {
  readonly value: Value;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly receivedAtMs: number;
}

/** The deepest answer of the APIs read here nests 12 levels; walking a much deeper one could exhaust the stack. */
export const maxJsonDepth = 64;

/** Issues of a wrong answer that a message tells; further ones are counted. */
const maxIssues = 3;

/** Sends a request and reads its answer as JSON of a known shape. @throws HttpError; never with a value of the body. */
export async function readJson<Schema extends z.ZodType>(
  port: HttpPort,
  request: HttpRequest,
  schema: Schema,
): Promise<JsonAnswer<z.output<Schema>>> {
  const response = await port.send({ ...request, headers: { accept: 'application/json', ...request.headers } });
  const { headers, receivedAtMs } = response;
  return { value: parseJson(whereOf(request.method, request.url), response, schema), headers, receivedAtMs };
}

/** Reads an answer that has already come as JSON of a known shape. @throws BadResponseError */
export function parseJson<Schema extends z.ZodType>(
  where: string,
  response: Pick<HttpResponse, 'headers' | 'body'>,
  schema: Schema,
): z.output<Schema> {
  const raw = decodeJson(where, response);
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new BadResponseError(
    where,
    `the answer has an unexpected shape: ${describeIssues(parsed.error)}; check the URL, and report it if that is right`,
  );
}

function decodeJson(where: string, { headers, body }: Pick<HttpResponse, 'headers' | 'body'>): unknown {
  if (body.byteLength === 0) throw new BadResponseError(where, `the answer is empty, not JSON; ${checkAddress}`);
  const text = decodeText(where, body);
  if (isHtml(headers, text)) {
    throw new BadResponseError(
      where,
      'the answer is HTML, not JSON: a login page, a proxy or a wrong URL; check the URL and the credentials',
    );
  }
  const { isCutOff, depth } = measureStructure(text);
  if (depth > maxJsonDepth)
    throw new BadResponseError(where, `the answer nests deeper than ${String(maxJsonDepth)}; ${checkAddress}`);
  if (isCutOff) throw new BadResponseError(where, `the answer is cut off; ${checkAddress}`);
  try {
    return parseJsonText(text);
  } catch {
    // The parser's own message quotes the text.
    throw new BadResponseError(where, `the answer is not JSON; ${checkAddress}`);
  }
}

function decodeText(where: string, body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new BadResponseError(where, `the answer is not UTF-8; ${checkAddress}`);
  }
}

function isHtml(headers: Readonly<Record<string, string>>, text: string): boolean {
  return /^\s*</.test(text) || /^text\/html/i.test(headers['content-type'] ?? '');
}

/** How deep the brackets go and whether all are closed, in one pass and without recursion. */
function measureStructure(text: string): { readonly isCutOff: boolean; readonly depth: number } {
  let open = 0;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) isInString = !isInString;
    else if (isInString) index += code === backslash ? 1 : 0;
    // `[` and `{`, `]` and `}` differ by this bit only.
    else if ((code | 0x20) === openBrace) depth = Math.max(depth, (open += 1));
    else if ((code | 0x20) === closeBrace) open -= 1;
  }
  return { isCutOff: isInString || open > 0, depth };
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function describeIssues({ issues }: z.core.$ZodError): string {
  const shown = issues.slice(0, maxIssues).map(({ path, message }) => `${formatPath(path)}: ${message}`);
  const more = issues.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${String(more)} more` : shown.join('; ');
}

/** `jobs.queues["a b"].running`; a key may be a stranger's text, so it is quoted and cut. */
function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the whole answer';
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${String(key)}]`;
    const name = String(key);
    return /^\w{1,60}$/.test(name)
      ? `.${name}`
      : `[${JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)}]`;
  });
  return parts.join('').replace(/^\./, '');
}
