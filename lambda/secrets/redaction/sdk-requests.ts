/** Lets a client of the AWS SDK remember what it signs its requests with, as the HTTP port does. */
import { rememberRequest, type SecretMemory } from './request-secrets.ts';

type Next<Given, Output> = (given: Given) => Promise<Output>;

/** Where the middleware belongs: each attempt is looked at when it has been signed and just before it is sent. */
export const beforeEachSending = { step: 'deserialize', priority: 'low', name: 'rememberCredentials' } as const;

/** For the `middlewareStack` of a client; without a memory it does nothing. */
export function createRememberingMiddleware(memory: SecretMemory | undefined) {
  return <Given extends { readonly request: unknown }, Output>(next: Next<Given, Output>): Next<Given, Output> =>
    (given) => {
      const headers = extractHeaders(given.request);
      // Its credentials are in its headers.
      if (memory !== undefined) rememberRequest(memory, { url: nowhere, headers });
      return next(given);
    };
}

const nowhere = new URL('https://aws.invalid');

function extractHeaders(request: unknown): Readonly<Record<string, string>> {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return {};
  const { headers } = request;
  if (typeof headers !== 'object' || headers === null) return {};
  const texts = Object.entries(headers).flatMap(([name, value]: readonly [string, unknown]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(texts);
}
