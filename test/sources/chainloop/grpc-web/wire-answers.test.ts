/** The demo's control plane answers as a real one was seen to, and the source understands each of these answers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { TokenRefusal } from '../../../../lambda/demo/simulators/chainloop/grpc-refusals.ts';
import { encodeFrame } from '../../../../lambda/sources/chainloop/grpc-web/frames.ts';
import {
  encodeRunListRequest,
  encodeWorkflowListRequest,
} from '../../../../lambda/sources/chainloop/grpc-web/encode-request.ts';
import { decodePercent } from '../../../../lambda/sources/chainloop/grpc-web/grpc-status.ts';
import { apiToken, runOf, shopBuild, startOrganization, type TestOrganization } from '../harness.ts';

const Refusal = z.strictObject({
  cause: z.string(),
  status: z.number(),
  text: z.string().optional(),
  textEndsWith: z.string().optional(),
  textContains: z.string().optional(),
});
const WireAnswers = z.strictObject({
  source: z.string().min(1),
  note: z.string().min(1),
  http: z.strictObject({ status: z.number(), contentType: z.string() }),
  refusals: z.array(Refusal),
  requests: z.array(z.strictObject({ cause: z.string(), status: z.number() })),
  notFoundByHttp: z.array(z.string()),
});

const path = join(import.meta.dirname, '../../../fixtures/vendor/chainloop/wire-answers.json');
const facts = WireAnswers.parse(JSON.parse(await readFile(path, 'utf8')));

const runList = 'controlplane.v1.WorkflowRunService/List';

interface Asked {
  readonly method?: string;
  readonly contentType?: string;
  readonly message?: Uint8Array;
  readonly verb?: 'GET' | 'POST';
}

async function ask(organization: TestOrganization, asked: Asked = {}): Promise<Response> {
  const {
    method = runList,
    contentType = facts.http.contentType,
    message = encodeRunListRequest({}),
    verb = 'POST',
  } = asked;
  return await fetch(`${organization.server.url}/${method}`, {
    method: verb,
    headers: { 'content-type': contentType, authorization: `Bearer ${apiToken}` },
    ...(verb === 'POST' ? { body: Buffer.from(encodeFrame(message)) } : {}),
  });
}

/** How a real server refuses: HTTP 200, everything in headers, and no body. */
async function refusalIn(response: Response): Promise<{ readonly status: number; readonly text: string }> {
  expect(response.status).toBe(facts.http.status);
  expect(response.headers.get('content-type')).toBe(facts.http.contentType);
  expect((await response.arrayBuffer()).byteLength).toBe(0);
  const status = Number(response.headers.get('grpc-status') ?? NaN);
  return { status, text: decodePercent(response.headers.get('grpc-message') ?? '') };
}

/** What the source has to make of each cause. */
const told: Readonly<Record<TokenRefusal, { readonly kind: string; readonly message: RegExp }>> = {
  'garbage token': { kind: 'auth', message: /^gRPC status 16: the API token in .*TOKEN is wrong or expired/ },
  'no token': { kind: 'auth', message: /^gRPC status 16: the API token/ },
  'expired token': { kind: 'auth', message: /^gRPC status 16: the API token in .* is wrong or expired/ },
  'revoked token': { kind: 'auth', message: /^gRPC status 2: the API token in .*TOKEN is revoked; make a new one/ },
  'unknown token': { kind: 'auth', message: /^gRPC status 2: the server does not know the API token in .*TOKEN/ },
  'deleted organization': { kind: 'auth', message: /^gRPC status 2: the organization of the API token .* not exist/ },
  'database down': { kind: 'unavailable', message: /^gRPC status 2: the server cannot read its database/ },
  'forbidden lists': { kind: 'auth', message: /^gRPC status 7: .* may not list workflow runs/ },
  'suspended organization': { kind: 'rejected', message: /^gRPC status 7: the organization acme is suspended/ },
};

/** Refusals of who asks: the secret is read again. */
const ofToken: readonly TokenRefusal[] = [
  'garbage token',
  'no token',
  'expired token',
  'revoked token',
  'unknown token',
  'deleted organization',
];

const causes = Object.keys(told).filter((cause): cause is TokenRefusal => cause in told);

describe('the table of wire answers', () => {
  it('has a row for each cause that the demo knows, and the other way round', () => {
    expect(facts.refusals.map(({ cause }) => cause).toSorted()).toEqual(causes.toSorted());
  });
});

describe.each(causes)('%s', (cause) => {
  it('is answered as a real server does', async () => {
    await using organization = await startOrganization();
    organization.server.playScenario(cause);
    const row = facts.refusals.find((refusal) => refusal.cause === cause);

    const { status, text } = await refusalIn(await ask(organization));

    expect(status).toBe(row?.status);
    expect(text).toBe(row?.text ?? text);
    expect(text).toContain(row?.textContains ?? '');
    expect(text.endsWith(row?.textEndsWith ?? '')).toBe(true);
  });

  it('is the problem that it is, and no request of it is told as a success', async () => {
    await using organization = await startOrganization({ config: { read: 'control-plane' } });
    organization.server.playScenario(cause);

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual([told[cause].kind]);
    expect(problems[0]?.message).toMatch(told[cause].message);
    expect(Object.keys(organization.takeAnswers())).toEqual([cause === 'database down' ? '5xx' : '4xx']);
  });
});

describe('a token that was refused', () => {
  it.each(ofToken)('is read again, and its successor is used in the same run: %s', async (cause) => {
    await using organization = await startOrganization({ config: { read: 'control-plane' } });
    organization.refusals.set('the old token', cause);
    organization.variables['TOKEN'] = 'the old token';
    organization.workflows = [shopBuild];
    const before = await organization.tick();
    organization.variables['TOKEN'] = apiToken;

    const { problems } = await organization.tick();

    expect(before.problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(problems).toEqual([]);
  });
});

describe('a request that a real server refuses', () => {
  const ofWorkflow = { project: 'shop', name: 'build', version: 'v1' };
  const requests: Readonly<Record<string, Asked>> = {
    'page limit of 101': { message: encodeRunListRequest({ limit: 101 }) },
    'bad cursor': { message: encodeRunListRequest({ cursor: 'bm9uc2Vuc2U=' }) },
    'unknown project': { message: encodeRunListRequest({ of: { ...ofWorkflow, project: 'nowhere' } }) },
    'unknown workflow': { message: encodeRunListRequest({ of: { ...ofWorkflow, name: 'nothing' } }) },
    'unknown version': { message: encodeRunListRequest({ of: { ...ofWorkflow, version: 'v9' } }) },
    'unknown service': { method: 'controlplane.v1.NoService/List', message: encodeWorkflowListRequest(1) },
    'unknown method': { method: 'controlplane.v1.WorkflowService/Count', message: encodeWorkflowListRequest(1) },
  };

  it.each(facts.requests)('has status $status: $cause', async ({ cause, status }) => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild];
    organization.runs = [runOf('a', 0, { version: { name: 'v1', isPrerelease: true } })];

    const refusal = await refusalIn(await ask(organization, requests[cause]));

    expect(refusal.status).toBe(status);
  });

  it.each(facts.notFoundByHttp)('is not found by HTTP where it is no gRPC-Web: %s', async (what) => {
    await using organization = await startOrganization();

    const response = await ask(organization, what === 'GET' ? { verb: 'GET' } : { contentType: what });

    expect(response.status).toBe(404);
    expect(response.headers.has('grpc-status')).toBe(false);
  });
});

describe('a text of gRPC', () => {
  it.each([
    ['50%25 of d%C3%A9p%C3%B4ts', '50% of dépôts'],
    ['100 % plain', '100 % plain'],
    ['', ''],
  ])('%s says %s', (sent, text) => {
    expect(decodePercent(sent)).toBe(text);
  });
});
