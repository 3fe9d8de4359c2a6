/** Answers a browser: the page for people with the headers that keep it safe, and its events. */
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { html, scriptHash, styleHash } from '../../../page/html.ts';
import type { LivePage } from '../../../page/live-page.ts';
import { isLoopback, parseAddress } from '../address.ts';
import type { Answer } from './answer.ts';

/** Nothing runs and nothing is loaded but what the page itself holds, and nobody frames it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src '${scriptHash}'`,
  `style-src '${styleHash}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Of everything that a browser is given. */
const safety = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const compress = promisify(gzip);

/** Made at the first request, and the same for the whole process. */
let compressed: Promise<Buffer> | undefined;

export async function showLivePage(isCompressed: boolean): Promise<Answer> {
  const headers = { ...safety, 'content-type': 'text/html; charset=utf-8', vary: 'Accept-Encoding' };
  if (!isCompressed) return { status: 200, headers, body: html };
  compressed ??= compress(html);
  return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: await compressed };
}

const eventHeaders = {
  ...safety,
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx would hold events back until a buffer is full.
  'x-accel-buffering': 'no',
};

/** Undefined: the answer goes on with each run. */
export function answerEvents(method: string | undefined, response: ServerResponse, live: LivePage): Answer | undefined {
  if (method === 'HEAD') return { status: 200, headers: eventHeaders, body: '' };
  for (const [name, value] of Object.entries(eventHeaders)) response.setHeader(name, value);
  if (live.join(response)) return undefined;
  return {
    status: 503,
    headers: { 'retry-after': '30', 'content-type': 'text/plain; charset=utf-8' },
    body: 'too many browsers watch already; close one, or come back later\n',
  };
}

/**
 * A page of another site whose name was pointed to this machine (DNS rebinding) asks by that name, and must not read
 * what only this machine is to see.
 */
export function isAskedLocally(host: string | undefined): boolean {
  const address = parseAddress(/:\d+$/.test(host ?? '') ? (host ?? '') : `${host ?? ''}:80`);
  return address !== undefined && isLoopback(address);
}

export const wrongHost: Answer = {
  status: 421,
  body: 'asked by a name that is not of this machine: use http://127.0.0.1 or http://localhost with the port; a proxy has to send such a Host header\n',
};
