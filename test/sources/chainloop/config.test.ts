/** Tests of the configuration of the source `chainloop`. */
import { describe, expect, it } from 'vitest';
import { ChainloopConfig } from '../../../lambda/sources/chainloop/config.ts';
import { chainloop } from '../../../lambda/sources/chainloop/index.ts';

const least = {
  kind: 'chainloop',
  url: 'https://cp.example.com',
  organization: 'acme',
  token: { secret: 'ci-metrics/chainloop' },
} as const;

describe('the settings', () => {
  it('have defaults for all but the place, the organization and the token', () => {
    expect(ChainloopConfig.parse(least)).toEqual({
      ...least,
      name: 'chainloop',
      plaintext: 'refuse',
      read: 'auto',
      compat: true,
    });
  });

  it.each([
    ['a misspelt key', { ...least, workflow: {} }],
    ['a token in plain text', { ...least, token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln' }],
    ['http to another machine', { ...least, url: 'http://cp.example.com' }],
    ['an organization that would change the path', { ...least, organization: '../other' }],
    ['a way of reading that does not exist', { ...least, read: 'page' }],
  ])('refuse %s', (_, config) => {
    expect(ChainloopConfig.safeParse(config).success).toBe(false);
  });

  it('decide what may be published, and which secrets are read', () => {
    const relay = chainloop.prepare({ ...least, read: 'relay', compat: false });
    const runs = chainloop.prepare({ ...least, read: 'control-plane', compat: false });

    const names = ({ metrics }: { readonly metrics: readonly { readonly name: string }[] }): readonly string[] =>
      metrics.map(({ name }) => name);
    expect(names(relay)).toEqual([
      'chainloop_workflow_up',
      'chainloop_workflow_run_duration_seconds',
      'ci_collector_token_expiry_timestamp_seconds',
      'ci_collector_token_lifetime_seconds',
    ]);
    expect(names(runs).filter((name) => name.startsWith('chainloop_'))).toEqual([]);
    expect(runs.secrets).toEqual([least.token]);
    expect(runs.needsState).toBe(true);
  });
});
