/** Keeps connection pools, one for each TLS material and proxy. */
import { createHash } from 'node:crypto';
import connect from 'undici/lib/api/api-connect.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import type { Dispatcher } from 'undici';
import { createCheckedLookup, type LoopbackPolicy } from './address.ts';
import type { TlsMaterial } from '../port.ts';
import { keepAliveMs, type Timeouts } from './limits.ts';

/** Connection pools that live as long as the process, one for each TLS material and proxy. */
export interface Agents {
  get(tls: TlsMaterial | undefined, proxy: string | undefined): Dispatcher;
  close(): Promise<void>;
}

/** More than any configuration names; a rotated certificate leaves its pool behind, and the oldest is closed. */
const maxAgents = 32;

export function createAgents(timeouts: Timeouts, loopback: LoopbackPolicy): Agents {
  const agents = new Map<string, Dispatcher>();

  const getAgent = (tls: TlsMaterial | undefined, proxy: string | undefined): Dispatcher => {
    const key = hashAgentKey(tls, proxy);
    const known = agents.get(key);
    if (known !== undefined) return known;
    const made =
      proxy === undefined ? createDirectAgent(timeouts, tls, loopback) : createProxyAgent(timeouts, tls, proxy);
    agents.set(key, made);
    closeOldest(agents);
    return made;
  };

  const close = async (): Promise<void> => {
    const open = [...agents.values()];
    agents.clear();
    await Promise.all(open.map((agent) => agent.close()));
  };

  return { get: getAgent, close };
}

/** A hash, so that no private key lies in a second place of memory. */
function hashAgentKey(tls: TlsMaterial | undefined, proxy: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([tls?.ca, tls?.cert, tls?.key, tls?.servername, proxy]))
    .digest('base64');
}

function closeOldest(agents: Map<string, Dispatcher>): void {
  const [oldest] = agents;
  if (agents.size <= maxAgents || oldest === undefined) return;
  agents.delete(oldest[0]);
  void oldest[1].close();
}

function buildPoolOptions({ headersMs, bodyMs }: Timeouts): Agent.Options {
  return {
    headersTimeout: headersMs,
    bodyTimeout: bodyMs,
    keepAliveTimeout: keepAliveMs,
    // One protocol with one way to fail; no vendor here needs HTTP/2, and CloudWatch's OTLP endpoint refuses it.
    allowH2: false,
  };
}

function createDirectAgent(timeouts: Timeouts, tls: TlsMaterial | undefined, loopback: LoopbackPolicy): Dispatcher {
  const sockets = { ...tls, timeout: timeouts.connectMs, lookup: createCheckedLookup(loopback), allowH2: false };
  return new Agent({ ...buildPoolOptions(timeouts), connect: passAlertOn(buildConnector(sockets)) });
}

/**
 * In TLS 1.3 the server refuses a client certificate after the handshake, by an alert and the end of the stream. undici
 * reports the end alone, unless the alert destroys the socket first.
 */
function passAlertOn(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connector(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      socket.once('error', (alert: Error) => socket.destroy(alert));
      callback(null, socket);
    });
  };
}

/** The proxy resolves the target's name, so only addresses written into a URL are checked here. */
function createProxyAgent(timeouts: Timeouts, tls: TlsMaterial | undefined, uri: string): Dispatcher {
  return new ProxyAgent({
    ...buildPoolOptions(timeouts),
    uri,
    connectTimeout: timeouts.connectMs,
    requestTls: { ...tls, allowH2: false },
    proxyTls: { allowH2: false },
    // undici's index gives every dispatcher this method; loaded by path they lack it.
    clientFactory: (origin, options) => Object.assign(new Pool(origin, options), { connect }),
  });
}
