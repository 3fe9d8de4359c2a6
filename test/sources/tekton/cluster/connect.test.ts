/** Tests of connecting to a cluster: EKS, ServiceAccounts, client certificates and kubeconfigs. */
import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findTokenProblem } from '../../../../lambda/demo/simulators/tekton/eks-verifier.ts';
import type { AwsAccess, AwsCredentials } from '../../../../lambda/http/auth/aws-credentials.ts';
import { type Authority, withAuthority } from '../../../support/network/certificates.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { nonZero, pipelineRun, startCluster, startMs, token, valuesOf } from '../harness.ts';

const keys: AwsCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const identity = { ...keys, cluster: 'ci-cluster', region: 'eu-west-1' };

function role(credentials: () => AwsCredentials = () => keys): AwsAccess {
  return { region: 'eu-west-1', credentials: () => Promise.resolve(credentials()) };
}

const runs = [pipelineRun('a', { condition: ['Unknown', 'Running'], started: -10 })];
const seen = { executing: 1 };

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A cluster behind TLS by a CA of its own, and its URL by the name that the certificate has. */
function tlsServer(authority: Authority, name: string, mutual = false) {
  return async () => {
    const server = await authority.server(name);
    const options = mutual ? { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true } : server;
    return {
      make: (listener: Parameters<typeof createServer>[1]) => createServer(options, listener),
      protocol: 'https' as const,
    };
  };
}

describe('an EKS cluster', () => {
  it('lets the role of the function in by a token that its verifier accepts', async () => {
    await withAuthority(async (authority) => {
      const faults: (string | undefined)[] = [];
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        runs,
        aws: role(),
        isKnown: (sent) => {
          faults.push(findTokenProblem(sent, identity, startMs));
          return faults.at(-1) === undefined;
        },
        cluster: (url) => ({
          eks: { name: 'ci-cluster', endpoint: url, certificateAuthority: base64(authority.cert) },
        }),
      });

      const { families, problems } = await cluster.tick();

      expect(problems).toEqual([]);
      expect(faults.length).toBeGreaterThan(0);
      expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual(seen);
    });
  });

  it('is looked up and entered as the role that the configuration names', async () => {
    await withAuthority(async (authority) => {
      let endpoint = '';
      const asked: unknown[] = [];
      const aws: AwsAccess = {
        region: 'eu-west-1',
        credentials: (assumed) => {
          asked.push(assumed);
          return Promise.resolve(keys);
        },
      };
      await using eks = await startLoopbackServer((_request, response) => {
        const certificateAuthority = { data: base64(authority.cert) };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ cluster: { name: 'ci-cluster', endpoint, certificateAuthority } }));
      });
      const roleArn = 'arn:aws:iam::222233334444:role/clusters';
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        runs,
        aws,
        isKnown: () => true,
        cluster: () => ({ eks: { name: 'ci-cluster', describeUrl: eks.url, roleArn, externalId: 'acme-7' } }),
      });
      endpoint = cluster.server.url;

      const { problems } = await cluster.tick();

      expect(problems).toEqual([]);
      // Once for the look-up, and for the token of each list.
      expect(asked.length).toBeGreaterThan(1);
      expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify({ roleArn, externalId: 'acme-7' })]),
      );
    });
  });

  it('is looked up once where its endpoint is not configured', async () => {
    await withAuthority(async (authority) => {
      let endpoint = '';
      await using eks = await startLoopbackServer((_request, response) => {
        const certificateAuthority = { data: base64(authority.cert) };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ cluster: { name: 'ci-cluster', endpoint, certificateAuthority } }));
      });
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        runs,
        aws: role(),
        isKnown: () => true,
        cluster: () => ({ eks: { name: 'ci-cluster', region: 'eu-west-1', describeUrl: eks.url } }),
      });
      endpoint = cluster.server.url;

      await cluster.tick();
      const { problems } = await cluster.tick();

      expect(problems).toEqual([]);
      expect(eks.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /clusters/ci-cluster']);
      expect(eks.requests[0]?.headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 .*\/eu-west-1\/eks\/aws4_request/);
    });
  });

  it('keeps a token for ten minutes, and makes another one when the role has new keys', async () => {
    await withAuthority(async (authority) => {
      let current = keys;
      const sent = new Set<string>();
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        aws: role(() => current),
        isKnown: (text) => sent.add(text).size > 0,
        cluster: (url) => ({ eks: { name: 'c', endpoint: url, certificateAuthority: base64(authority.cert) } }),
      });

      for (let minute = 0; minute < 10; minute += 1) await cluster.tick();
      expect(sent.size).toBe(1);
      await cluster.tick();
      expect(sent.size).toBe(2);
      current = { ...keys, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' };
      await cluster.tick();
      expect(sent.size).toBe(3);
    });
  });

  it('that does not know the role is one problem that names the access entry', async () => {
    await withAuthority(async (authority) => {
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        aws: role(),
        isKnown: () => false,
        cluster: (url) => ({ eks: { name: 'c', endpoint: url, certificateAuthority: base64(authority.cert) } }),
      });

      const { problems } = await cluster.tick();

      expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
      expect(problems[0]?.message).toContain('access entry');
    });
  });

  it('cannot be entered without credentials', async () => {
    await using cluster = await startCluster({
      cluster: () => ({
        eks: { name: 'c', region: 'eu-west-1', endpoint: 'https://127.0.0.1:1', certificateAuthority: base64('x') },
      }),
    });

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems[0]?.message).toContain('no AWS credentials');
  });
});

describe('any other cluster', () => {
  it('takes the token of a ServiceAccount, read anew once when it is refused', async () => {
    let valid = 'the-old-token';
    await using cluster = await startCluster({ runs, isKnown: (sent) => sent === valid });
    cluster.variables['TOKEN'] = 'the-old-token';
    expect((await cluster.tick()).problems).toEqual([]);
    valid = 'the-new-token';
    cluster.variables['TOKEN'] = 'the-new-token';

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual(seen);
  });

  it('may have a certificate for another name than its host', async () => {
    await withAuthority(async (authority) => {
      const server = await tlsServer(authority, 'DNS:kubernetes.test')();
      const settings = (url: string) => ({ server: url, token: { env: 'TOKEN' }, tls: { ca: { env: 'CA' } } });
      await using unnamed = await startCluster({ ...server, runs, cluster: settings });
      await using named = await startCluster({
        ...server,
        runs,
        cluster: (url) => ({ ...settings(url), serverName: 'kubernetes.test' }),
      });
      unnamed.variables['CA'] = authority.cert;
      named.variables['CA'] = authority.cert;

      const refused = await unnamed.tick();
      const entered = await named.tick();

      expect(refused.problems[0]?.message).toContain('another host name');
      expect(entered.problems).toEqual([]);
      expect(nonZero(valuesOf(entered.families, 'ci_runs_active', ['state']))).toEqual(seen);
    });
  });

  it('may ask for a client certificate instead of a token', async () => {
    await withAuthority(async (authority) => {
      const client = await authority.client('ci-metrics');
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1', true)()),
        cluster: (url) => ({
          server: url,
          tls: { ca: { env: 'CA' }, cert: { env: 'CERT' }, key: { env: 'KEY' } },
        }),
      });
      Object.assign(cluster.variables, { CA: authority.cert, CERT: client.cert, KEY: client.key });

      const { problems } = await cluster.tick();

      // The handshake went well: it is the API that wants a bearer token.
      expect(cluster.server.requests.length).toBeGreaterThan(0);
      expect(cluster.server.requests[0]?.headers).not.toHaveProperty('authorization');
      expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    });
  });
});

describe('a kubeconfig', () => {
  interface Parts {
    readonly url: string;
    readonly user: object;
    readonly cluster?: object;
  }

  function kubeconfig({ url, user, cluster = {} }: Parts): string {
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'ci',
      contexts: [
        { name: 'ci', context: { cluster: 'ci', user: 'reader', namespace: 'default' } },
        { name: 'elsewhere', context: { cluster: 'gone', user: 'reader' } },
      ],
      clusters: [{ name: 'ci', cluster: { server: url, ...cluster } }],
      users: [{ name: 'reader', user }],
    });
  }

  const reference = { kubeconfig: { env: 'KUBECONFIG_TEXT' } };

  it('gives the API server and a token', async () => {
    await using cluster = await startCluster({ runs, cluster: () => reference });
    cluster.variables['KUBECONFIG_TEXT'] = kubeconfig({ url: cluster.server.url, user: { token } });

    const { families, problems } = await cluster.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual(seen);
  });

  it('of `aws eks update-kubeconfig` needs no program: the token is signed here', async () => {
    await withAuthority(async (authority) => {
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        runs,
        aws: role(),
        isKnown: (sent) => findTokenProblem(sent, identity, startMs) === undefined,
        cluster: () => reference,
      });
      cluster.variables['KUBECONFIG_TEXT'] = kubeconfig({
        url: cluster.server.url,
        cluster: { 'certificate-authority-data': base64(authority.cert) },
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1beta1',
            command: 'aws',
            args: ['--region', 'eu-west-1', 'eks', 'get-token', '--cluster-name', 'ci-cluster', '--output', 'json'],
          },
        },
      });

      const { families, problems } = await cluster.tick();

      expect(problems).toEqual([]);
      expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual(seen);
    });
  });

  it.each([
    ['two words', ['--role-arn', 'arn:aws:iam::444455556666:role/reader']],
    ['one', ['--role-arn=arn:aws:iam::444455556666:role/reader']],
  ])('of `aws eks get-token` with a role is signed as that role: %s', async (_what, roleArgs) => {
    const asked: unknown[] = [];
    const aws: AwsAccess = {
      region: undefined,
      credentials: (assumed) => {
        asked.push(assumed);
        return role().credentials();
      },
    };
    await withAuthority(async (authority) => {
      await using cluster = await startCluster({
        ...(await tlsServer(authority, 'IP:127.0.0.1')()),
        runs,
        aws,
        isKnown: (sent) => findTokenProblem(sent, identity, startMs) === undefined,
        cluster: () => reference,
      });
      const args = ['eks', 'get-token', '--cluster-name', 'ci-cluster', ...roleArgs, '--profile', 'acme'];
      // The Region stands in the environment of the command alone.
      const exec = { command: 'aws', args, env: [{ name: 'AWS_REGION', value: 'eu-west-1' }] };
      cluster.variables['KUBECONFIG_TEXT'] = kubeconfig({
        url: cluster.server.url,
        cluster: { 'certificate-authority-data': base64(authority.cert) },
        user: { exec },
      });

      const { families, problems } = await cluster.tick();
      await cluster.tick();

      expect(problems).toEqual([]);
      expect(nonZero(valuesOf(families, 'ci_runs_active', ['state']))).toEqual(seen);
      expect(asked.length).toBeGreaterThan(0);
      expect(asked).toEqual(
        asked.map(() => expect.objectContaining({ roleArn: 'arn:aws:iam::444455556666:role/reader' }) as unknown),
      );
      const warnings = cluster.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
      expect(warnings).toEqual([expect.stringContaining('start it with AWS_PROFILE=acme')]);
    });
  });

  it('that names a proxy says that the proxy is not used', async () => {
    await using cluster = await startCluster({ runs, cluster: () => reference });
    const settings = { 'proxy-url': 'http://proxy.example.com:3128' };
    cluster.variables['KUBECONFIG_TEXT'] = kubeconfig({ url: cluster.server.url, user: { token }, cluster: settings });

    const { problems } = await cluster.tick();

    expect(problems).toEqual([]);
    const warnings = cluster.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).toEqual([expect.stringContaining('set HTTPS_PROXY')]);
  });

  it.each([
    ['asks to act as somebody else', { token, as: 'admin' }, {}, {}, 'act as admin'],
    ['asks not to verify', { token }, { 'insecure-skip-tls-verify': true }, {}, 'not to verify'],
    ['starts a program', { exec: { command: 'gke-gcloud-auth-plugin' } }, {}, {}, 'not started here'],
    ['has a user without anything', {}, {}, {}, 'neither a token'],
    ['has no such context', { token }, {}, { context: 'typo' }, 'set context to one of: ci, elsewhere'],
    ['has a context without its cluster', { token }, {}, { context: 'elsewhere' }, 'leads to no cluster'],
  ])('that %s is refused with the remedy', async (_what, user, settings, more, words) => {
    await using cluster = await startCluster({ cluster: () => ({ ...reference, ...more }) });
    cluster.variables['KUBECONFIG_TEXT'] = kubeconfig({ url: cluster.server.url, user, cluster: settings });

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(problems[0]?.message).toContain(words);
    expect(JSON.stringify(problems)).not.toContain(token);
    expect(cluster.server.requests).toEqual([]);
  });

  it('that is none is refused without a word of it', async () => {
    await using cluster = await startCluster({ cluster: () => reference });
    cluster.variables['KUBECONFIG_TEXT'] = 'token: very-secret\n  bad: [indent';

    const { problems } = await cluster.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(JSON.stringify([problems, cluster.log.lines])).not.toContain('very-secret');
  });
});
