/** Starts a real Pushgateway for a test, and reads the groups in it. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Identity } from '../support/network/certificates.ts';
import { startOnFreePort } from './process.ts';

export interface PushgatewayOptions {
  /** Which edition; default: Debian's (1.5 in bookworm). */
  readonly command?: string;
  /** Names and bcrypt hashes of the users that it lets in; default: everybody. */
  readonly users?: Readonly<Record<string, string>>;
  /** Speaks TLS only, and only with clients whose certificate `clientCa` has signed. */
  readonly tls?: Identity & { readonly clientCa: string };
  readonly flags?: readonly string[];
}

/** Who the test itself is to the gateway. */
interface Visitor {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

interface PushedSample {
  readonly labels: Readonly<Record<string, string>>;
  /** As the gateway prints it: `NaN`, `+Inf` and exponents included. */
  readonly value?: string | undefined;
  readonly buckets?: Readonly<Record<string, string>> | undefined;
  readonly count?: string | undefined;
  readonly sum?: string | undefined;
}

interface PushedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly PushedSample[];
}

export interface PushedGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly isLastPushSuccessful: boolean;
  /** Seconds, as the gateway prints them. */
  readonly pushedAt: number;
  /** What was pushed, without the gateway's own two metrics. */
  readonly families: Readonly<Record<string, PushedFamily>>;
}

export interface Pushgateway extends AsyncDisposable {
  readonly url: string;
  groups(visitor?: Visitor): Promise<readonly PushedGroup[]>;
  /** The group with exactly these labels. */
  group(labels: Readonly<Record<string, string>>): Promise<PushedGroup | undefined>;
  /** What a scraper reads. */
  page(): Promise<string>;
  /** A push of another program. @throws unless the gateway takes it. */
  put(path: string, body: string): Promise<void>;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

/** A Pushgateway on loopback, in a folder of its own. */
export async function startPushgateway(options: PushgatewayOptions = {}): Promise<Pushgateway> {
  const folder = await mkdtemp(join(tmpdir(), 'pushgateway-'));
  const webConfig = await writeWebConfig(folder, options);
  const { process, port } = await startOnFreePort((free) => ({
    name: 'Pushgateway',
    command: options.command ?? 'prometheus-pushgateway',
    args: [
      `--web.listen-address=127.0.0.1:${String(free)}`,
      '--web.enable-admin-api',
      // Debian's default is one file for the whole machine: groups of one test would turn up in the next.
      '--persistence.file=',
      ...(webConfig === undefined ? [] : [`--web.config.file=${webConfig}`]),
      ...(options.flags ?? []),
    ],
    cwd: folder,
    // Its readiness page asks for credentials too, and it listens only once it is ready.
    ready: () => isListening(free),
  }));
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`;
  const ask = (method: string, path: string, more: Asking = {}): Promise<string> => exchange(method, url + path, more);
  const groups = async (visitor: Visitor = {}): Promise<readonly PushedGroup[]> =>
    Answer.parse(JSON.parse(await ask('GET', '/api/v1/metrics', visitor))).data;
  const close = async (): Promise<void> => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    groups,
    group: async (labels) => (await groups()).find((group) => textOf(group.labels) === textOf(labels)),
    page: () => ask('GET', '/metrics'),
    put: async (path, body) => {
      await ask('PUT', path, { body });
    },
    wipe: async () => {
      await ask('PUT', '/api/v1/admin/wipe');
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function textOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** The file of exporter-toolkit, which is YAML and so takes JSON. */
async function writeWebConfig(folder: string, { users, tls }: PushgatewayOptions): Promise<string | undefined> {
  if (users === undefined && tls === undefined) return undefined;
  const at = (name: string): string => join(folder, name);
  const settings: Record<string, unknown> = users === undefined ? {} : { basic_auth_users: users };
  if (tls !== undefined) {
    await Promise.all([
      writeFile(at('server.pem'), tls.cert),
      writeFile(at('server.key'), tls.key, { mode: 0o600 }),
      writeFile(at('clients.pem'), tls.clientCa),
    ]);
    settings['tls_server_config'] = {
      cert_file: at('server.pem'),
      key_file: at('server.key'),
      client_auth_type: 'RequireAndVerifyClientCert',
      client_ca_file: at('clients.pem'),
    };
  }
  await writeFile(at('web.yml'), JSON.stringify(settings));
  return at('web.yml');
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

interface Asking extends Visitor {
  readonly body?: string;
}

async function exchange(method: string, url: string, { headers = {}, tls, body = '' }: Asking): Promise<string> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const asked = request(url, { method, headers, agent: false, ...tls });
  const answered = new Promise<string>((resolve, reject) => {
    asked.once('error', reject);
    asked.once('response', (response) => {
      const status = response.statusCode ?? 0;
      text(response).then((answer) => {
        if (status < 300) resolve(answer);
        else reject(new Error(`${method} ${url} answered ${String(status)}: ${answer}`));
      }, reject);
    });
  });
  asked.end(body);
  return answered;
}

const Family = z.object({
  type: z.string(),
  help: z.string().default(''),
  metrics: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      value: z.string().optional(),
      buckets: z.record(z.string(), z.string()).optional(),
      count: z.string().optional(),
      sum: z.string().optional(),
    }),
  ),
});

const ownMetrics: ReadonlySet<string> = new Set(['push_time_seconds', 'push_failure_time_seconds']);

const Group = z
  .object({ labels: z.record(z.string(), z.string()), last_push_successful: z.boolean() })
  .catchall(z.unknown())
  .transform(({ labels, last_push_successful: isLastPushSuccessful, ...rest }): PushedGroup => {
    const families = Object.entries(rest).map(([name, family]) => {
      const { type, help, metrics } = Family.parse(family);
      return [name, { type, help, samples: metrics }] as const;
    });
    const pushed = families.find(([name]) => name === 'push_time_seconds');
    return {
      labels,
      isLastPushSuccessful,
      pushedAt: Number(pushed?.[1].samples[0]?.value),
      families: Object.fromEntries(families.filter(([name]) => !ownMetrics.has(name))),
    };
  });

const Answer = z.object({ status: z.literal('success'), data: z.array(Group) });
