/** Tests of the simulated Chainloop control plane: gRPC-Web, its metrics page and its refusals. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAttestations } from '../../../../lambda/demo/simulators/chainloop/attestations.ts';
import { type ChainloopServer, startChainloopServer } from '../../../../lambda/demo/simulators/chainloop/server.ts';
import { buildHistograms } from '../../../../lambda/prometheus-text/histograms.ts';
import { parsePage } from '../../../../lambda/prometheus-text/parser.ts';

const startMs = Date.UTC(2026, 0, 2, 12, 0, 0);
const attestations = createAttestations({ seed: 1, startMs });
const bearer = { authorization: `Bearer ${attestations.apiToken}` };

let server: ChainloopServer;

beforeEach(async () => {
  server = await startChainloopServer({ attestations, clock: () => startMs });
});

afterEach(async () => {
  await server.close();
});

async function callList(hex: string, headers: Readonly<Record<string, string>> = bearer): Promise<Response> {
  return await fetch(`${server.url}/controlplane.v1.WorkflowRunService/List`, {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', ...headers },
    body: Buffer.from(hex, 'hex'),
  });
}

describe('the control plane over gRPC-Web', () => {
  it('answers with a message and a trailer', async () => {
    const response = await callList('0000000006120218641801');

    const body = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-type')).toBe('application/grpc-web+proto');
    expect(body[0]).toBe(0);
    expect(body.subarray(body.readUInt32BE(1) + 5).toString('latin1')).toBe('\x80\0\0\0\x10grpc-status: 0\r\n');
  });

  it('tells errors in headers, with status 200', async () => {
    const answers = [await callList('0000000006120218641801', {}), await callList('0000000006120218781801')];

    const told = answers.map(({ status, headers }) => [status, headers.get('grpc-status')]);

    expect(told).toEqual([
      [200, '16'],
      [200, '3'],
    ]);
  });

  it('knows no other service', async () => {
    const response = await fetch(`${server.url}/controlplane.v1.OrgMetricsService/Totals`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto', ...bearer },
      body: Buffer.alloc(5),
    });

    expect(response.headers.get('grpc-status')).toBe('12');
  });
});

describe('the metrics page', () => {
  const pages = (organization: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${server.url}/prom/${organization}/metrics`, { headers });

  it('is one that a parser of Prometheus takes', async () => {
    const text = await (await pages('acme', bearer)).text();

    const { families } = parsePage(text, { format: 'text' });

    expect(families.map(({ name }) => name)).toEqual([
      'chainloop_workflow_up',
      'chainloop_workflow_run_duration_seconds',
    ]);
    const [, durations] = families;
    if (durations === undefined) throw new Error('the histogram is missing');
    expect(buildHistograms(durations).unsound).toEqual([]);
  });

  it('refuses as the server does, in plain text', async () => {
    const answers = [
      await pages('acme', {}),
      await pages('acme', { authorization: 'Bearer wrong' }),
      await pages('other', bearer),
    ];

    const told = await Promise.all(answers.map(async (answer) => [answer.status, (await answer.text()).trim()]));

    expect(told).toEqual([
      [401, 'JWT token is missing'],
      [401, 'invalid token'],
      [400, 'Organization [acme] on API Token does not match the organization in the request'],
    ]);
  });

  it('still opens for a token that was revoked', async () => {
    server.playScenario('revoked token');

    const statuses = [(await pages('acme', bearer)).status, (await callList('0000000000')).headers.get('grpc-status')];

    // The real control plane answers so, not with 16.
    expect(statuses).toEqual([200, '2']);
  });
});
