/** Answers as GitHub writes them: JSON, and errors with a message and an address of the documentation. */

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const json = { 'content-type': 'application/json; charset=utf-8' } as const;

export function makeJsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

export function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
  return makeJsonReply(status, body, headers);
}

/** For what is not there, and for what the credential may not see. */
export const notFound = refuse(404, 'Not Found');

export function addHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
