/** Behind an HTTP proxy the clients of AWS go where the sources go, by one rule. */
import { createServer, request } from 'node:https';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RuntimeConfig } from '../../../lambda/config/runtime-config.ts';
import { createDeployedInboxes } from '../../../lambda/events/deployed-inboxes.ts';
import { createAwsAgents } from '../../../lambda/http/transport/aws-agents.ts';
import { parseProxyRules } from '../../../lambda/http/transport/proxy.ts';
import { run } from '../../../lambda/run.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { createSecretsManagerStore } from '../../../lambda/secrets/stores/secrets-manager.ts';
import { buildPipeline } from '../../../lambda/wiring.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startLoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { startProxy } from '../../support/network/proxy-server.ts';
import { recordingLog } from '../../support/recording-log.ts';

/** Says no to everything: a refusal that no client repeats. */
const refuse: Respond = (_request, response) => {
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }));
};

const startAws = () => startLoopbackServer(refuse);

/** A name that only the proxy can resolve. */
function useAwsAt(port: number): void {
  vi.stubEnv('AWS_ENDPOINT_URL', `http://aws.test:${String(port)}`);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-access-key');
}

/** By the scope that each request is signed for. */
function servicesIn(requests: readonly { readonly headers: Readonly<Record<string, unknown>> }[]): readonly string[] {
  const scopes = requests.map(({ headers }) =>
    /\/eu-west-1\/([a-z]+)\/aws4_request/.exec(String(headers['authorization'])),
  );
  return [...new Set(scopes.map((scope) => scope?.[1] ?? 'unsigned'))].sort();
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('behind a proxy', () => {
  it('every client of a run goes through it', async () => {
    await using aws = await startAws();
    await using proxy = await startProxy();
    useAwsAt(aws.port);
    const proxyUrl = `http://user:p%40ss@127.0.0.1:${String(proxy.port)}`;
    const config = RuntimeConfig.parse({
      sources: [
        {
          kind: 'buildkite',
          agentTokens: [{ secret: 'ci/agent' }],
          apiToken: { parameter: 'ci/api' },
          organization: 'acme',
        },
      ],
      sinks: [
        { kind: 'cloudwatch', name: 'own', collectorMetrics: 'api' },
        {
          kind: 'cloudwatch',
          name: 'other',
          namespace: 'Other',
          collectorMetrics: 'api',
          roleArn: 'arn:aws:iam::111122223333:role/metrics',
        },
      ],
    });
    const built = await buildPipeline(config, {
      variables: {
        AWS_REGION: 'eu-west-1',
        AWS_ENDPOINT_URL_STS: `http://aws.test:${String(aws.port)}`,
        COLLECTOR_STATE_TABLE: 'state',
        COLLECTOR_LOOPBACK: 'allow',
        http_proxy: proxyUrl,
      },
      runtime: 'lambda',
      clock: Date.now,
      random: Math.random,
      redactor: createRedactor(),
      log: recordingLog(),
      print: () => undefined,
    });
    using deadline = createDeadline(20_000, Date.now);

    await run(built.pipeline, { deadline, tickMs: Math.floor(Date.now() / 60_000) * 60_000, before: undefined });
    await built.close();

    expect(servicesIn(aws.requests)).toEqual(['dynamodb', 'monitoring', 'secretsmanager', 'ssm', 'sts']);
    expect(proxy.seen.length).toBeGreaterThan(0);
    expect(new Set(proxy.credentials)).toEqual(new Set([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]));
    for (const { headers } of aws.requests) expect(headers).not.toHaveProperty('proxy-authorization');
  });

  it('the client of a queue of events goes through it', async () => {
    await using aws = await startAws();
    await using proxy = await startProxy();
    useAwsAt(aws.port);
    const agents = createAwsAgents(parseProxyRules({ http: `http://127.0.0.1:${String(proxy.port)}` }));
    const inbox = createDeployedInboxes(
      JSON.stringify({ main: 'https://sqs.eu-west-1.amazonaws.com/111122223333/q' }),
      undefined,
      agents,
    )('main');
    using deadline = createDeadline(10_000, Date.now);

    await inbox?.take(deadline.signal).catch(() => undefined);

    expect(servicesIn(aws.requests)).toEqual(['sqs']);
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT aws.test:${String(aws.port)}`]));
  });

  it.each(['aws.test', '.test', '*'])('a client goes around it for NO_PROXY=%s', async (except) => {
    await using proxy = await startProxy();
    const store = storeThrough({ http: `http://127.0.0.1:${String(proxy.port)}`, except }, 'http://aws.test:9');

    await store.read(['ci/token'], AbortSignal.timeout(10_000));

    expect(proxy.seen).toEqual([]);
  });

  it('this machine is reached directly, as the extensions of Lambda and emulators are', async () => {
    await using aws = await startAws();
    await using proxy = await startProxy();
    const store = storeThrough(
      { http: `http://127.0.0.1:${String(proxy.port)}` },
      `http://127.0.0.1:${String(aws.port)}`,
    );

    await store.read(['ci/token'], AbortSignal.timeout(10_000));

    expect(aws.requests).toHaveLength(1);
    expect(proxy.seen).toEqual([]);
  });

  it.each([
    ['that wants credentials', 407, 'PROXY_407'],
    ['that refuses the host', 403, 'PROXY_403'],
  ])('a proxy %s is named in the failure, without its password', async (_title, refuseWith, code) => {
    await using proxy = await startProxy({ refuseWith });
    const store = storeThrough(
      { http: `http://user:canary-7f3a@127.0.0.1:${String(proxy.port)}` },
      'http://aws.test:9',
    );

    const outcome = (await store.read(['ci/token'], AbortSignal.timeout(10_000))).get('ci/token');

    expect(JSON.stringify(outcome)).toContain(code);
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('TLS runs from end to end: the proxy sees a host, and the certificate is checked', async () => {
    await withAuthority(async (authority) => {
      const identity = await authority.server('DNS:ci.test');
      await using server = await startLoopbackServer(refuse, (listener) => createServer(identity, listener), 'https');
      await using proxy = await startProxy();
      const { httpsAgent: agent } = createAwsAgents(
        parseProxyRules({ https: `http://127.0.0.1:${String(proxy.port)}` }),
      );
      const get = (host: string, ca?: string) =>
        new Promise<number | undefined>((resolve, reject) => {
          request({ host, port: server.port, agent, ca, path: '/secret' }, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          })
            .once('error', reject)
            .end();
        });

      await expect(get('ci.test', authority.cert)).resolves.toBe(400);
      await expect(get('evil.test', authority.cert)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      await expect(get('ci.test')).rejects.toThrow(/certificate/);

      expect(proxy.seen).toContain(`CONNECT ci.test:${String(server.port)}`);
      expect(proxy.seen.join()).not.toContain('secret');
      agent.destroy();
    });
  });
});

function storeThrough(settings: Parameters<typeof parseProxyRules>[0], endpoint: string) {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = { endpoint, region: 'eu-west-1', maxAttempts: 1, credentials };
  return createSecretsManagerStore(client, undefined, createAwsAgents(parseProxyRules(settings)));
}
