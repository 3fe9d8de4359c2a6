/** A kubeconfig, as far as it leads to one cluster as one user. */
import * as z from 'zod';
import { UnusableSecretError } from '../../../http/errors/errors.ts';
import type { TlsMaterial } from '../../../http/port.ts';
import { isTlsOrAllowed } from '../../../http/plaintext.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { SourcePorts } from '../../source.ts';
import { decodePem } from './eks-cluster.ts';
import { type EksUser, parseEksUser, Exec } from './get-token.ts';

/** What a kubeconfig says of one cluster and one user. */
export interface Access {
  readonly server: string;
  readonly tls: TlsMaterial;
  readonly token?: string | undefined;
  /** Where its user is made by `aws eks get-token`; the token is signed here instead of starting a program. */
  readonly eks?: EksUser | undefined;
  /** What it asks for and does not get here, each with the remedy. */
  readonly ignored: readonly string[];
}

export interface KubeconfigOptions {
  readonly context: string | undefined;
  readonly ref: SecretRef;
  readonly ports: SourcePorts;
  readonly signal: AbortSignal;
}

const Text = z.string().min(1).optional();

const ClusterEntry = z.object({
  server: z.url(),
  'certificate-authority-data': Text,
  'certificate-authority': Text,
  'tls-server-name': Text,
  'insecure-skip-tls-verify': z.boolean().optional(),
  'proxy-url': Text,
});

const UserEntry = z.object({
  token: Text,
  tokenFile: Text,
  'client-certificate-data': Text,
  'client-certificate': Text,
  'client-key-data': Text,
  'client-key': Text,
  as: Text,
  exec: Exec.optional(),
});
type UserEntry = z.infer<typeof UserEntry>;

const Kubeconfig = z.object({
  'current-context': z.string().optional(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: ClusterEntry })),
  users: z.array(z.object({ name: z.string(), user: UserEntry.nullish() })),
});

/** @throws UnusableSecretError for a kubeconfig that cannot be used; its message quotes nothing of it but names. */
export async function readKubeconfig(text: string, options: KubeconfigOptions): Promise<Access> {
  const where = describeSecretRef(options.ref);
  const config = await parseKubeconfig(text, where);
  const wanted = options.context ?? config['current-context'];
  const context = config.contexts.find(({ name }) => name === wanted)?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user ?? undefined;
  if (cluster === undefined || user === undefined) {
    const names = config.contexts.map(({ name }) => name).join(', ');
    throw new UnusableSecretError(
      where,
      `its context ${wanted ?? '(none is current)'} leads to no cluster and user; set context to one of: ${names}`,
    );
  }
  refuseUnverified(cluster, where);
  refuseImpersonation(user, where);
  const tls = await readTlsMaterial(cluster, user, createPemReader(options));
  const identity = await readIdentity(user, options, tls.cert !== undefined);
  return { server: cluster.server, tls, ...identity, ignored: describeIgnored(cluster, identity.eks) };
}

async function readTlsMaterial(
  cluster: z.infer<typeof ClusterEntry>,
  user: UserEntry,
  pem: ReadPem,
): Promise<TlsMaterial> {
  const ca = await pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const cert = await pem(user['client-certificate-data'], user['client-certificate']);
  const key = await pem(user['client-key-data'], user['client-key']);
  const servername = cluster['tls-server-name'];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

async function parseKubeconfig(text: string, where: string): Promise<z.infer<typeof Kubeconfig>> {
  const { parse } = await import('yaml');
  try {
    return Kubeconfig.parse(parse(text));
  } catch {
    // The parser's message quotes lines, and tokens stand in them.
    throw new UnusableSecretError(where, 'is no kubeconfig with contexts, clusters and users');
  }
}

function refuseUnverified(cluster: z.infer<typeof ClusterEntry>, where: string): void {
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw new UnusableSecretError(
      where,
      'asks not to verify the API server; give its CA in certificate-authority-data',
    );
  }
  if (!isTlsOrAllowed({ url: cluster.server, plaintext: 'refuse' })) {
    throw new UnusableSecretError(where, 'has an http:// server, and the token would travel readable');
  }
}

/** Acting as the user alone would read what the impersonated one may not, or fail where that one may. */
function refuseImpersonation({ as }: UserEntry, where: string): void {
  if (as !== undefined) {
    throw new UnusableSecretError(where, `asks to act as ${as}; name a user here who has the rights itself`);
  }
}

function describeIgnored(cluster: z.infer<typeof ClusterEntry>, eks: EksUser | undefined): readonly string[] {
  return [
    ...(cluster['proxy-url'] === undefined ? [] : ['its proxy-url is not used; set HTTPS_PROXY']),
    ...(eks?.profile === undefined
      ? []
      : [
          `its AWS profile ${eks.profile} is not read, and the token is signed as this process; start it with AWS_PROFILE=${eks.profile}`,
        ]),
  ];
}

type ReadPem = (data: string | undefined, path: string | undefined) => Promise<string | undefined>;

/** Data in base64 wins over a path, as in kubectl; paths exist outside AWS only. */
function createPemReader({ ports, signal }: KubeconfigOptions): ReadPem {
  return async (data, path) => {
    if (data !== undefined) return decodePem(data);
    return path === undefined ? undefined : (await ports.secrets.read({ file: path }, signal)).reveal();
  };
}

async function readIdentity(
  user: UserEntry,
  { ref, ports, signal }: KubeconfigOptions,
  hasCertificate: boolean,
): Promise<Pick<Access, 'token' | 'eks'>> {
  if (user.token !== undefined) return { token: user.token.trim() };
  if (user.tokenFile !== undefined) {
    return { token: (await ports.secrets.read({ file: user.tokenFile }, signal)).reveal().trim() };
  }
  if (user.exec === undefined) {
    if (hasCertificate) return {};
    throw new UnusableSecretError(describeSecretRef(ref), 'its user has neither a token nor a client certificate');
  }
  const eks = parseEksUser(user.exec, ports.aws.region);
  if (eks !== undefined) return { eks };
  throw new UnusableSecretError(
    describeSecretRef(ref),
    'its user is made by a program, which is not started here, besides `aws eks get-token`; use a ServiceAccount token',
  );
}
