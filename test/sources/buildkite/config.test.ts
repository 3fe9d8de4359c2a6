/** Tests of the configuration of the source `buildkite`. */
import { describe, expect, it } from 'vitest';
import { buildkite } from '../../../lambda/sources/buildkite/index.ts';

const token = { secret: 'ci-metrics/buildkite', key: 'linux' };
const minimal = { kind: 'buildkite', agentTokens: [token] };

function metricNames(raw: object): readonly string[] {
  return buildkite.prepare(raw).metrics.map(({ name }) => name);
}

describe('the configuration of a Buildkite source', () => {
  it('needs nothing but a token', () => {
    const { name, system, secrets } = buildkite.prepare(minimal);

    expect([name, system, secrets]).toEqual(['buildkite', 'buildkite', [token]]);
  });

  it('grants every token and the parts of TLS', () => {
    const ca = { secret: 'ca' };
    const other = { parameter: '/buildkite/apple' };

    const { secrets } = buildkite.prepare({ ...minimal, agentTokens: [token, other], tls: { ca } });

    expect(secrets).toEqual([token, other, ca]);
  });

  it.each([
    ['an agent token that would travel readable', { ...minimal, endpoint: 'http://proxy.example.com/v3' }, /https:/],
    ['the same secret twice', { ...minimal, agentTokens: [token, { ...token }] }, /same secret twice/],
    ['no token', { ...minimal, agentTokens: [] }, /agentTokens/],
    ['a token instead of a reference', { ...minimal, agentTokens: ['bkct_x'] }, /agentTokens/],
    ['an empty queue list', { ...minimal, queues: { include: [] } }, /include/],
    ['a setting that does not exist', { ...minimal, quue: 'default' }, /quue/],
  ])('refuses %s', (_, raw, message) => {
    expect(() => buildkite.prepare(raw)).toThrow(message);
  });

  it.each(['https://agent-edge.buildkite.com/v3', 'http://127.0.0.1:8080/v3', 'http://localhost/v3'])(
    'takes the endpoint %s',
    (endpoint) => {
      expect(() => buildkite.prepare({ ...minimal, endpoint })).not.toThrow();
    },
  );

  const apiToken = { secret: 'buildkite', key: 'apiToken' };
  const portal = { slug: 'ci-metrics', token: { secret: 'buildkite', key: 'portalToken' } };

  it.each([
    ['a portal without an API token', { ...minimal, portal }, /portal/],
    ['a portal where GraphQL is not asked', { ...minimal, apiToken, waits: 'rest', portal }, /asks GraphQL/],
    [
      'a portal token that would travel readable',
      { ...minimal, apiToken, portal: { ...portal, endpoint: 'http://proxy.example.com' } },
      /portal token/,
    ],
    [
      'a slug that would leave its place in the path',
      { ...minimal, apiToken, portal: { ...portal, slug: '../x' } },
      /slug/,
    ],
    ['an API token without a word on the organization', { kind: 'buildkite', apiToken }, /organization/],
    ['waits from jobs that are skipped', { ...minimal, apiToken, waits: 'rest', jobs: 'skip' }, /jobs: skip/],
    [
      'events of jobs that are skipped',
      { ...minimal, apiToken, events: { bus: 'aws.partner/buildkite.com/acme/1' }, jobs: 'skip' },
      /jobs: skip/,
    ],
    ['a setting of the API token without it', { ...minimal, pipelines: { include: ['web'] } }, /needs apiToken/],
    ['a bus that is not Buildkite’s', { ...minimal, apiToken, events: { bus: 'default' } }, /partner event bus/],
  ])('refuses %s', (_, raw, message) => {
    expect(() => buildkite.prepare(raw)).toThrow(message);
  });

  it('names the secrets of both tokens of the APIs for users', () => {
    const { secrets } = buildkite.prepare({ ...minimal, apiToken, portal });

    expect(secrets).toEqual([token, apiToken, portal.token]);
  });

  it('takes two keys of one secret', () => {
    const agentTokens = [token, { ...token, key: 'apple' }];

    expect(buildkite.prepare({ ...minimal, agentTokens }).secrets).toEqual(agentTokens);
  });

  it.each([
    ['everything', minimal, 4, 8, 8],
    ['no totals with a queue list', { ...minimal, queues: { include: ['a'] } }, 4, 8, 0],
    ['only neutral names without compat', { ...minimal, compat: false }, 4, 0, 0],
  ])('announces %s', (_, raw, neutral, queues, totals) => {
    const names = metricNames(raw);

    const starting = (prefix: string): number => names.filter((name) => name.startsWith(prefix)).length;
    expect([starting('ci_'), starting('buildkite_queues_'), starting('buildkite_total_')]).toEqual([
      neutral,
      queues,
      totals,
    ]);
  });
});
