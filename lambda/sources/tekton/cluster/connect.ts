/** Sends requests to the API server of an EKS cluster, of any other cluster, or of a kubeconfig. */
import { type AssumedRole, getAwsCredentials, pickRole } from '../../../http/auth/aws-credentials.ts';
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpResponse, TlsMaterial } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import type { SecretRef } from '../../../secrets/secret-ref.ts';
import type { SourcePorts } from '../../source.ts';
import type { Cluster, TektonResults } from '../config.ts';
import { createEksLookup, type EksAddress, resolveRegion } from './eks-cluster.ts';
import { type Access, readKubeconfig } from './kubeconfig.ts';
import { minuteMs } from '../../../model/time.ts';

export interface ClusterRequest {
  /** Below the URL of the API server, such as `/apis/tekton.dev/v1/pipelineruns`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept: string;
  readonly deadline: Deadline;
}

export interface ClusterAnswer extends HttpResponse {
  /** What was asked, for messages. */
  readonly where: string;
}

/** Sends a GET to the API server with the configured identity. @throws HttpError, SecretUnavailableError */
export type ClusterSend = (request: ClusterRequest) => Promise<ClusterAnswer>;

export function connectTo(cluster: Cluster, ports: SourcePorts): ClusterSend {
  if ('eks' in cluster) return connectToEks(cluster.eks, ports, createEksLookup(cluster.eks, ports));
  if ('kubeconfig' in cluster) return connectByKubeconfig(cluster.kubeconfig, cluster.context, ports);
  const { server, token, tls, serverName } = cluster;
  const settings = { ...(token === undefined ? {} : { auth: { bearer: token } }), tls };
  return (request) =>
    sendWithCredentials(settings, { secrets: ports.secrets }, request.deadline.signal, (credentials) =>
      sendRequest(ports, request, {
        server,
        // A token that was stored by `echo` or `kubectl` may have spaces around it.
        authorization: credentials.headers['authorization']?.trim(),
        tls: addServerName(credentials.tls ?? {}, serverName),
      }),
    );
}

interface Entrance {
  readonly server: string;
  readonly authorization: string | undefined;
  readonly tls: TlsMaterial;
}

async function sendRequest({ http }: SourcePorts, request: ClusterRequest, entrance: Entrance): Promise<ClusterAnswer> {
  const { path, query = {}, accept, deadline } = request;
  const url = new URL(entrance.server);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { authorization, tls } = entrance;
  const response = await http.send({
    method: 'GET',
    url,
    headers: { accept, ...(authorization === undefined ? {} : { authorization }) },
    signal: deadline.signal,
    remainingMs: () => deadline.remainingMs(),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  });
  return { ...response, where: whereOf('GET', url) };
}

function addServerName(tls: TlsMaterial, servername: string | undefined): TlsMaterial {
  return servername === undefined ? tls : { ...tls, servername };
}

/** A token lives for 15 minutes; the verifier's clock and a slow request need a reserve. */
const eksTokenLifeMs = 10 * minuteMs;

interface CachedToken {
  readonly token: string;
  readonly keyId: string;
  readonly untilMs: number;
}

type EksSettings = Extract<Cluster, { eks: unknown }>['eks'];

/** Another server that takes the tokens of the cluster, or one of its own. */
export function connectToResults(settings: TektonResults, cluster: Cluster, ports: SourcePorts): ClusterSend {
  const { url: server, token, ca, serverName } = settings;
  if (token === undefined && 'eks' in cluster) {
    const { eks } = cluster;
    return connectToEks({ ...eks, serverName }, ports, async ({ signal }) => ({
      server,
      region: resolveRegion(eks, ports),
      ...(ca === undefined ? {} : { ca: (await ports.secrets.read(ca, signal)).reveal() }),
    }));
  }
  const tls = ca === undefined ? {} : { tls: { ca } };
  const named = serverName === undefined ? {} : { serverName };
  return connectTo({ server, ...(token === undefined ? {} : { token }), ...tls, ...named }, ports);
}

function connectToEks(
  eks: EksSettings,
  ports: SourcePorts,
  locate: (deadline: Deadline) => Promise<EksAddress>,
): ClusterSend {
  const tokenFor = createEksTokens(eks.name, ports, pickRole(eks));
  return async (request) => {
    const { server, ca, region } = await locate(request.deadline);
    const tls = addServerName(ca === undefined ? {} : { ca }, eks.serverName);
    const send = async (isFresh: boolean): Promise<ClusterAnswer> =>
      sendRequest(ports, request, { server, tls, authorization: `Bearer ${await tokenFor(region, isFresh)}` });
    try {
      return await send(false);
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 401) throw error;
      // The role's credentials may have rotated, or the clock may have jumped: once more with a token of this moment.
      return await send(true);
    }
  };
}

type TokenFor = (region: string, isFresh: boolean) => Promise<string>;

function createEksTokens(cluster: string, { aws, clock }: SourcePorts, role?: AssumedRole): TokenFor {
  let cached: CachedToken | undefined;
  return async (region, isFresh) => {
    const now = clock();
    const keys = await getAwsCredentials(aws, 'to enter the EKS cluster with', role);
    if (!isFresh && cached !== undefined && cached.keyId === keys.accessKeyId && now < cached.untilMs) {
      return cached.token;
    }
    // Loaded here, because the signer costs 140 kB that only EKS needs.
    const { signEksToken } = await import('../../../http/auth/eks-token.ts');
    const token = await signEksToken({ cluster, region, clock, credentials: () => Promise.resolve(keys) });
    cached = { token, keyId: keys.accessKeyId, untilMs: now + eksTokenLifeMs };
    return token;
  };
}

function connectByKubeconfig(ref: SecretRef, context: string | undefined, ports: SourcePorts): ClusterSend {
  const tokens = new Map<string, TokenFor>();
  const warned = new Set<string>();
  return (request) =>
    useWithRotation(ports.secrets, ref, request.deadline.signal, async (secret) => {
      const access = await readKubeconfig(secret.reveal(), { context, ref, ports, signal: request.deadline.signal });
      warnOfIgnored(access, warned, ports);
      return sendRequest(ports, request, {
        server: access.server,
        tls: access.tls,
        authorization: await resolveAuthorization(access, tokens, ports),
      });
    });
}

/** Once a process: it stays so until the kubeconfig is changed. */
function warnOfIgnored({ ignored }: Access, warned: Set<string>, { log }: SourcePorts): void {
  for (const what of ignored) {
    if (!warned.has(what)) log.warn(`the kubeconfig is followed in part: ${what}`);
    warned.add(what);
  }
}

async function resolveAuthorization(
  { token, eks }: Access,
  tokens: Map<string, TokenFor>,
  ports: SourcePorts,
): Promise<string | undefined> {
  if (token !== undefined) return `Bearer ${token}`;
  if (eks === undefined) return undefined;
  const key = `${eks.name} ${eks.roleArn ?? ''}`;
  const tokenFor = tokens.get(key) ?? createEksTokens(eks.name, ports, pickRole(eks));
  tokens.set(key, tokenFor);
  return `Bearer ${await tokenFor(eks.region, false)}`;
}
