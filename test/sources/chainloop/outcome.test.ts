/** Tests of the outcome of a run that Chainloop refuses: failed, with the end of its token published. */
import { describe, expect, it } from 'vitest';
import { replyTo } from '../../../lambda/demo/simulators/chainloop/replies.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { canaries } from '../../support/canary.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { tokenWith } from './harness.ts';

/** How a run ends that could read nothing of a control plane. */
async function refusedRun(token: string) {
  const served = { records: { organization: 'acme', workflows: [], runs: [] }, apiToken: 'another token' };
  await using server = await startLoopbackServer(({ method = '', url = '', headers }, response) => {
    const { authorization, accept, 'content-type': contentType } = headers;
    const received = { method, path: url, authorization, accept, contentType, body: new Uint8Array() };
    const { status, headers: answered, body } = replyTo(received, served, 'revoked token', Date.now());
    response.writeHead(status, answered).end(body);
  });
  const source = { kind: 'chainloop', url: server.url, organization: 'acme', token: { env: 'CANARY_TOKEN' } };
  await using pipeline = await contractPipeline({ sources: [source], sinks: [{ kind: 'stdout' }] }, { token });
  const { batch } = await pipeline.collect(60_000);
  const { outcome, sources } = await pipeline.run(60_000);
  const health = batch.health.filter(({ samples }) => samples.length > 0).map(({ definition }) => definition.name);
  return { health, outcome, status: sources[0]?.status, said: JSON.stringify(pipeline.said()) };
}

describe('a run that can read nothing', () => {
  it('has failed, whether its token has an end or not, and the end is published', async () => {
    const claims = { org_name: 'acme', aud: ['api-token-auth.chainloop'], jti: canaries.token };

    const endless = await refusedRun(tokenWith(claims));
    const ending = await refusedRun(tokenWith({ ...claims, iat: 1_800_000_000, exp: 1_900_000_000 }));

    expect([endless.outcome, endless.status]).toEqual(['failed', 'failed']);
    expect([ending.outcome, ending.status]).toEqual(['failed', 'failed']);
    // With the collector's health it reaches CloudWatch by the log, whatever the sinks are and leave out.
    expect(ending.health).toEqual(expect.arrayContaining(['ci_collector_token_expiry_timestamp_seconds']));
    expect(ending.health).toEqual(expect.arrayContaining(['ci_collector_token_lifetime_seconds']));
    expect(endless.health.filter((name) => name.includes('_token_'))).toEqual([]);
    expect(ending.said).toContain('ci_collector_token_expiry_timestamp_seconds');
    expect(endless.said).not.toContain('ci_collector_token_expiry_timestamp_seconds');
  });
});
