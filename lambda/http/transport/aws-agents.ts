/** Sockets for the clients of the AWS SDK, which go through the same proxy, by the same rule, as every other request. */
import { Agent as HttpAgent, type ClientRequestArgs, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { portOf, type ProxyFor } from './proxy.ts';

export interface AwsAgentOptions {
  readonly keepAlive?: boolean;
  readonly maxSockets?: number;
}

/** The AWS SDK's own defaults (smithy's node-http-handler). */
const sdkDefaults = { keepAlive: true, maxSockets: 50 };

/** A proxy nearby answers in milliseconds; the SDK gives a connection as long. */
const tunnelWithinMs = 2000;

/** The proxy did not open the way; `code` is known to `connection-reasons.ts`. */
class ProxyRefusedError extends Error {
  override readonly name = 'ProxyRefusedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One pool for both kinds of connections; which one a host gets is decided when it is connected to. */
export function createAwsAgents(proxyFor: ProxyFor, options: AwsAgentOptions = {}): AwsAgents {
  const settings = { ...sdkDefaults, ...options };
  return {
    httpAgent: routeThroughProxy(new HttpAgent(settings), 'http:', proxyFor),
    httpsAgent: routeThroughProxy(new HttpsAgent(settings), 'https:', proxyFor),
  };
}

type Connected = (error: Error | null, stream: Duplex) => void;

function routeThroughProxy<Kind extends HttpAgent>(
  agent: Kind,
  protocol: 'http:' | 'https:',
  proxyFor: ProxyFor,
): Kind {
  const connectDirectly = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const target = buildTarget(options, protocol);
    const proxy = proxyFor(target);
    if (proxy === undefined) return connectDirectly(options, callback);
    openTunnel(new URL(proxy), target).then(
      (socket) => {
        // Given a socket, the agent of https speaks TLS through it, and checks the server's certificate as ever.
        callback?.(null, protocol === 'https:' ? startTls(connectDirectly, options, socket) : socket);
      },
      (error: unknown) => {
        reportError(callback, error);
      },
    );
    return undefined;
  };
  return agent;
}

function startTls(connectDirectly: HttpAgent['createConnection'], options: ClientRequestArgs, socket: Duplex): Duplex {
  return connectDirectly({ ...options, ...{ socket } }) ?? socket;
}

/** Node calls it with an error alone. */
function reportError(callback: Connected | undefined, error: unknown): void {
  const report: ((error: Error | null, stream: Duplex) => void) | undefined = callback;
  if (report === undefined) return;
  Reflect.apply(report, undefined, [error instanceof Error ? error : new Error(String(error))]);
}

function buildTarget({ host, hostname, port, defaultPort }: ClientRequestArgs, protocol: string): URL {
  const name = host ?? hostname ?? 'localhost';
  return new URL(`${protocol}//${name.includes(':') ? `[${name}]` : name}:${String(port ?? defaultPort ?? '')}`);
}

/** CONNECT, for http too: what is signed for AWS is no business of a proxy. */
async function openTunnel(proxy: URL, target: URL): Promise<Duplex> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const connect = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    protocol: proxy.protocol,
    hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...buildAuthorization(proxy) },
    agent: false,
    timeout: tunnelWithinMs,
  });
  connect.once('connect', ({ statusCode = 0 }, socket) => {
    if (statusCode >= 200 && statusCode < 300) {
      resolve(socket);
      return;
    }
    socket.destroy();
    reject(new ProxyRefusedError(`PROXY_${String(statusCode)}`, `the proxy answered ${String(statusCode)}`));
  });
  // A proxy that answers as a server, and not with a tunnel.
  connect.once('response', ({ statusCode = 0 }) => {
    connect.destroy();
    reject(new ProxyRefusedError(`PROXY_${String(statusCode)}`, `the proxy answered ${String(statusCode)}`));
  });
  connect.once('timeout', () => {
    connect.destroy();
    reject(new ProxyRefusedError('UND_ERR_PRX_CONN', 'the proxy did not answer'));
  });
  connect.once('error', reject);
  connect.end();
  return await promise;
}

function buildAuthorization({ username, password }: URL): { readonly 'proxy-authorization'?: string } {
  if (username === '' && password === '') return {};
  const userinfo = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(userinfo).toString('base64')}` };
}
