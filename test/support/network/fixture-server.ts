/** Answers exactly the recorded HTTP exchanges of a folder, each of them once. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import * as z from 'zod';
import { type RecordedRequest, startLoopbackServer } from './loopback-server.ts';

/** One exchange of a case folder: `http/<name>.json`. */
const Exchange = z.strictObject({
  request: z.strictObject({
    method: z.string(),
    /** With its query. */
    path: z.string(),
    /** Those that must be there; names in lower case. */
    headers: z.record(z.string(), z.string()).default({}),
  }),
  response: z.strictObject({
    status: z.int(),
    headers: z.record(z.string(), z.string()).default({ 'content-type': 'application/json; charset=utf-8' }),
    /** A text is sent as it is, everything else as JSON. */
    body: z.unknown(),
  }),
});
type Exchange = z.infer<typeof Exchange>;

export interface FixtureServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** Fails unless every exchange happened once and nothing else was asked. */
  expectUsed(): void;
}

/** Answers exactly the exchanges of a folder, each of them once. */
export async function startFixtureServer(folder: string): Promise<FixtureServer> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const unmet = new Map<string, Exchange>();
  for (const file of files)
    unmet.set(file, Exchange.parse(JSON.parse(await readFile(join(folder, file), 'utf8')), { reportInput: true }));
  const unexpected: string[] = [];

  const server = await startLoopbackServer((_, response, recorded) => {
    const found = [...unmet].find(([, { request }]) => isMet(request, recorded));
    if (found === undefined) {
      unexpected.push(`${recorded.method} ${recorded.path} ${recorded.headers['authorization'] ?? ''}`);
      response.writeHead(418).end();
      return;
    }
    const [file, exchange] = found;
    unmet.delete(file);
    const { status, headers, body } = exchange.response;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return {
    url: server.url,
    expectUsed: () => {
      expect({ unmet: [...unmet.keys()], unexpected }).toEqual({ unmet: [], unexpected: [] });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function isMet({ method, path, headers }: Exchange['request'], recorded: RecordedRequest): boolean {
  return (
    method === recorded.method &&
    path === recorded.path &&
    Object.entries(headers).every(([name, value]) => recorded.headers[name] === value)
  );
}
