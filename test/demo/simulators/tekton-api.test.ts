/** Tests of the simulated Kubernetes API: lists as tables, pages, watches, tokens and refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTokenProblem } from '../../../lambda/demo/simulators/tekton/eks-verifier.ts';
import { signEksToken } from '../../../lambda/http/auth/eks-token.ts';
import { type ApiServer, startApiServer } from '../../../lambda/demo/simulators/tekton/api-server.ts';
import { createCluster } from '../../../lambda/demo/simulators/tekton/cluster.ts';
import { type ControllerPod, controllerLabels } from '../../../lambda/demo/simulators/tekton/controllers.ts';
import { createRunStore } from '../../../lambda/demo/simulators/tekton/objects.ts';
import { formatAge } from '../../../lambda/demo/simulators/tekton/human-duration.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

function run(name: string, namespace: string) {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      creationTimestamp: '2026-11-21T11:00:00Z',
      labels: { team: namespace },
    },
    status: {
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Completed' }],
      startTime: '2026-11-21T11:50:01Z',
    },
  } as const;
}

function controller(name: string, metrics: ControllerPod['metrics'], labels: ControllerPod['labels']): ControllerPod {
  return { name, namespace: 'tekton-pipelines', uid: name, labels, phase: 'Running', metrics };
}

const pods = [
  controller('controller-0', () => 'a 1\n', controllerLabels),
  controller('controller-1', undefined, controllerLabels),
  controller('webhook-0', () => 'b 1\n', {}),
];
const core = '/api/v1/namespaces/tekton-pipelines';

let server: ApiServer;

beforeAll(async () => {
  const store = createRunStore([run('c', 'b'), run('a', 'b'), run('z', 'a')]);
  server = await startApiServer({ clock: () => nowMs, store, isKnown: (token) => token === 'good', pods: () => pods });
});

afterAll(() => server.close());

interface Asked {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

async function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
  const response = await fetch(`${server.url}${path}`, { headers: { authorization: 'Bearer good', ...headers } });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const runs = '/apis/tekton.dev/v1/pipelineruns';

describe('the simulated Kubernetes API', () => {
  it('lists in the order of namespace and name, in pages', async () => {
    const first: unknown = JSON.parse((await ask(`${runs}?limit=2`)).text);
    expect(first).toMatchObject({
      apiVersion: 'tekton.dev/v1',
      kind: 'PipelineRunList',
      metadata: { remainingItemCount: 1, resourceVersion: '10225' },
      items: [{ metadata: { name: 'z' } }, { metadata: { name: 'a' } }],
    });
    const token = /"continue":"([^"]+)"/.exec(JSON.stringify(first))?.[1] ?? '';
    expect(Buffer.from(token, 'base64url').toString()).toBe('{"v":"meta.k8s.io/v1","rv":10225,"start":"b/a\\u0000"}');

    const second: unknown = JSON.parse((await ask(`${runs}?limit=2&continue=${token}`)).text);
    expect(second).toMatchObject({ metadata: { resourceVersion: '10225' }, items: [{ metadata: { name: 'c' } }] });
    expect(JSON.stringify(second)).not.toContain('continue');
  });

  it('makes tables with ages for times and null for what is missing', async () => {
    const answer: unknown = JSON.parse((await ask(`${runs}?labelSelector=team%3Da`, { accept: table })).text);

    expect(answer).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      columnDefinitions: ['Name', 'Succeeded', 'Reason', 'StartTime', 'CompletionTime'].map((name) => ({ name })),
      rows: [
        {
          cells: ['z', 'True', 'Completed', '9m59s', null],
          object: { kind: 'PartialObjectMetadata', metadata: { uid: 'a-z' } },
        },
      ],
    });
  });

  it('shows a list in the state of its first page, until etcd would have compacted that', async () => {
    let laterMs = 0;
    const held = createRunStore([run('a', 'x'), run('b', 'x')]);
    const own = await startApiServer({ clock: () => nowMs + laterMs, store: held, isKnown: () => true });
    const get = async (query: string): Promise<string> => {
      const response = await fetch(`${own.url}${runs}?limit=1${query}`, { headers: { authorization: 'Bearer x' } });
      return await response.text();
    };
    const tokenIn = (text: string): string => `&continue=${/"continue":"([^"]+)"/.exec(text)?.[1] ?? ''}`;
    const next = tokenIn(await get(''));
    held.put(run('aa', 'x'));

    const same = await get(next);
    laterMs = 5 * 60_000;
    const refused = await get(next);
    const fresh = await get(tokenIn(refused));
    await own.close();

    expect(JSON.parse(same)).toMatchObject({
      metadata: { resourceVersion: '10225' },
      items: [{ metadata: { name: 'b' } }],
    });
    expect(JSON.parse(refused)).toMatchObject({ code: 410, reason: 'Expired' });
    expect(JSON.parse(fresh)).toMatchObject({
      metadata: { resourceVersion: '10226' },
      items: [{ metadata: { name: 'aa' } }],
    });
  });

  it('watches: what has changed since a version as Tables, of which only the first has columns', async () => {
    const held = createRunStore([run('a', 'x')], 2);
    const own = await startApiServer({ clock: () => nowMs, store: held, isKnown: () => true, watchPace: 0 });
    const get = async (version: number): Promise<readonly unknown[]> => {
      const url = `${own.url}${runs}?watch=1&timeoutSeconds=1&resourceVersion=${String(version)}`;
      const response = await fetch(url, { headers: { authorization: 'Bearer x', accept: table } });
      return (await response.text())
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line));
    };
    held.put(run('b', 'x'));
    held.put(run('a', 'x'));
    held.remove('pipelineruns', 'x', 'b');

    const [known, tooOld] = [await get(10_226), await get(10_225)];
    await own.close();

    expect(known).toMatchObject([
      {
        type: 'MODIFIED',
        object: { kind: 'Table', metadata: { resourceVersion: '10227' }, columnDefinitions: [{}, {}, {}, {}, {}] },
      },
      { type: 'DELETED', object: { columnDefinitions: null, rows: [{ object: { metadata: { name: 'b' } } }] } },
    ]);
    expect(tooOld).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  });

  it('ignores the limit for version 0, as the real one does', async () => {
    const answer = await ask(`${runs}?limit=1&resourceVersion=0`);

    expect(JSON.parse(answer.text)).toMatchObject({ items: [{}, {}, {}] });
  });

  it.each([
    ['401 without a token it knows', runs, { authorization: 'Bearer bad' }, 401, '"reason":"Unauthorized"'],
    [
      '404 in plain text for what is not served',
      '/apis/tekton.dev/v1beta1/pipelineruns',
      {},
      404,
      '404 page not found\n',
    ],
    [
      '404 in JSON for what is not there',
      '/apis/tekton.dev/v1/namespaces/a/pipelineruns/no',
      {},
      404,
      '"reason":"NotFound"',
    ],
    ['400 for a token that it has not made', `${runs}?continue=xyz`, {}, 400, 'invalid continue token'],
    [
      '400 for a field that cannot be selected',
      `${runs}?fieldSelector=status.startTime%3D1`,
      {},
      400,
      'field label not supported: status.startTime',
    ],
    ['404 in JSON for a Service that is not there', `${core}/services/http:no:9090/proxy/metrics`, {}, 404, 'services'],
    [
      '503 for a pod that nothing listens in',
      `${core}/pods/http:controller-1:9090/proxy/metrics`,
      {},
      503,
      '"reason":"ServiceUnavailable"',
    ],
    ['404 in plain text for another path of a pod', `${core}/pods/http:controller-0:9090/proxy/`, {}, 404, '404 page'],
    ['406 for protobuf', runs, { accept: 'application/vnd.kubernetes.protobuf' }, 406, 'media types'],
  ])('answers %s', async (_what, path, headers, status, words) => {
    const answer = await ask(path, headers);

    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(answer.type).toMatch(words.startsWith('404') ? /^text\/plain/ : /^application\/json/);
  });

  it('lists the pods of a selector, and leads to them and to the Service', async () => {
    const selector = encodeURIComponent('app.kubernetes.io/name=controller,app.kubernetes.io/part-of=tekton-pipelines');

    const listed = await ask(`${core}/pods?labelSelector=${selector}`);

    expect(JSON.parse(listed.text)).toMatchObject({
      kind: 'PodList',
      items: [{ metadata: { name: 'controller-0' } }, { metadata: { name: 'controller-1' } }],
    });
    expect(await ask(`${core}/pods/http:controller-0:9090/proxy/metrics`)).toMatchObject({
      status: 200,
      text: 'a 1\n',
    });
    expect(await ask(`${core}/services/http:tekton-pipelines-controller:9090/proxy/metrics`)).toMatchObject({
      text: 'a 1\n',
    });
  });

  it('refuses the proxy as the real one does', async () => {
    server.playScenario('cannot-proxy');

    const { status, text } = await ask(`${core}/services/http:tekton-pipelines-controller:9090/proxy/metrics`);
    server.playScenario('ok');

    expect(status).toBe(403);
    expect(text).toContain(
      String.raw`services \"http:tekton-pipelines-controller:9090\" is forbidden: User \"ci-metrics\" cannot get resource \"services/proxy\" in API group \"\" in the namespace \"tekton-pipelines\"`,
    );
  });

  it.each([
    [-3000, '<invalid>'],
    [-1000, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [599_000, '9m59s'],
    [10_799_000, '179m'],
    [10_860_000, '3h1m'],
    [47 * 3_600_000, '47h'],
    [51 * 3_600_000, '2d3h'],
  ])('writes the age of %i ms as %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});

describe('the simulated cluster', () => {
  const options = { seed: 7, startMs: nowMs, keepSeconds: 300 };

  it('is the same however the time is cut into steps', () => {
    const [whole, stepwise] = [createCluster(options), createCluster(options)];

    whole.advance(nowMs + 3_600_000);
    for (let second = 0; second <= 3600; second += 7) stepwise.advance(nowMs + Math.min(second, 3600) * 1000);
    stepwise.advance(nowMs + 3_600_000);

    expect(whole.store.list('taskruns')).not.toEqual([]);
    expect(stepwise.ended()).toEqual(whole.ended());
    expect(stepwise.store.list('taskruns')).toEqual(whole.store.list('taskruns'));
    expect(stepwise.store.list('pipelineruns')).toEqual(whole.store.list('pipelineruns'));
  });

  it('keeps nothing once all have ended and were pruned', () => {
    const cluster = createCluster({ ...options, arrivalsUntilMs: nowMs + 600_000 });

    cluster.advance(nowMs + 4 * 3_600_000);

    expect(Object.keys(cluster.ended().runs)).not.toEqual([]);
    expect([...cluster.store.list('pipelineruns'), ...cluster.store.list('taskruns')]).toEqual([]);
  });
});

describe('the simulated verifier of EKS', () => {
  const identity = { accessKeyId: 'AKID', secretAccessKey: 'SECRET', cluster: 'ci', region: 'eu-west-1' };

  function tokenOf(change: Partial<typeof identity> = {}): Promise<string> {
    const { cluster, region, ...keys } = { ...identity, ...change };
    return signEksToken({ cluster, region, credentials: () => Promise.resolve(keys), clock: () => nowMs });
  }

  it('lets in what the signer makes', async () => {
    expect(findTokenProblem(await tokenOf(), identity, nowMs + 14 * 60_000)).toBeUndefined();
  });

  it.each([
    ['for another cluster', { cluster: 'other' }, 0, 'the signature'],
    ['with another key', { secretAccessKey: 'X' }, 0, 'the signature'],
    ['for another Region', { region: 'us-east-1' }, 0, 'the host sts.us-east-1.amazonaws.com'],
    ['after 15 minutes', {}, 901_000, 'expired'],
  ])('refuses a token %s', async (_what, change, laterMs, fault) => {
    expect(findTokenProblem(await tokenOf(change), identity, nowMs + laterMs)).toBe(fault);
  });

  it('refuses a parameter that a stock presigner adds', async () => {
    const url = Buffer.from((await tokenOf()).slice(11), 'base64url').toString();
    const token = `k8s-aws-v1.${Buffer.from(`${url}&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD`).toString('base64url')}`;

    expect(findTokenProblem(token, identity, nowMs)).toBe('the parameter x-amz-content-sha256');
  });
});
