import { describe, expect, it } from 'vitest';
import { replyTo } from '../../../lambda/demo/chainloop/replies.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { canaries } from '../../support/canary.ts';
import { startLoopbackServer } from '../../support/loopback-server.ts';
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
  const publishedAs = batch.parts.map((part) => part.status);
  return { publishedAs, outcome, status: sources[0]?.status, said: JSON.stringify(pipeline.said()) };
}

describe('a run that can read nothing', () => {
  it('has failed, whether its token has an end or not, and the end is published', async () => {
    const claims = { org_name: 'acme', aud: ['api-token-auth.chainloop'], jti: canaries.token };

    const endless = await refusedRun(tokenWith(claims));
    const ending = await refusedRun(tokenWith({ ...claims, exp: 1_900_000_000 }));

    expect([endless.outcome, endless.status]).toEqual(['failed', 'failed']);
    expect([ending.outcome, ending.status]).toEqual(['failed', 'failed']);
    // A sink that leaves out what a failed source gave would leave out the end of its token.
    expect([endless.publishedAs, ending.publishedAs]).toEqual([['failed'], ['partial']]);
    expect(ending.said).toContain('ci_collector_token_expiry_timestamp_seconds');
    expect(endless.said).not.toContain('ci_collector_token_expiry_timestamp_seconds');
  });
});
