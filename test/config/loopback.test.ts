/** URLs that lead to the function itself: each is refused where it is deployed, and taken in a terminal and an emulator. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ConfigError } from '../../lambda/config/config-error.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { expandOptions } from '../../lambda/config/walk-schema.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';

const federation = `{ provider: projects/1/locations/global/workloadIdentityPools/ci-pool/providers/ci-aws, tokenUrl: 'http://localhost/v1/token', impersonationUrl: 'http://127.0.0.1' }`;

/** Every setting with a URL, each of this machine in one of its spellings. */
const text = `sources:
  - kind: bitbucket-pipelines
    workspace: acme
    endpoint: http://127.0.0.1:1
    auth: { oauth: { clientId: a, clientSecret: { secret: s }, tokenUrl: 'http://[::1]:1' } }
  - kind: buildkite
    endpoint: http://localhost:1
    graphqlEndpoint: http://localhost:2
    restEndpoint: https://127.1.2.3
    organization: acme
    apiToken: { secret: s, key: a }
    portal: { slug: p, token: { secret: s, key: b }, endpoint: 'http://localhost:3' }
  - kind: chainloop
    url: https://chainloop.localhost
    organization: acme
    token: { secret: s, key: c }
  - kind: prometheus
    plaintext: allow
    targets: [{ url: 'https://prometheus.example.com/metrics' }, { url: 'http://0.0.0.0:9100/metrics' }]
  - kind: tekton
    name: eks
    cluster: { eks: { name: a, region: eu-west-1, endpoint: 'https://localhost', certificateAuthority: QUJD, describeUrl: 'https://localhost' } }
  - kind: tekton
    cluster: { server: 'https://[::ffff:127.0.0.1]:6443', token: { secret: s, key: d } }
    results: { url: 'https://LOCALHOST', token: { secret: s, key: g } }
sinks:
  - kind: datadog
    url: http://127.0.0.1:8080
    apiKey: { secret: s, key: e }
    tags: { runbook: 'http://localhost/is-no-url-that-is-asked' }
  - kind: google-cloud-monitoring
    project: my-project
    url: http://localhost:8080
    auth: { federation: ${federation} }
  - kind: new-relic
    apiKey: { secret: s, key: f }
    compat: true
    account: 1
    url: http://localhost:8080
    eventsUrl: http://localhost:8080
  - kind: otlp
    url: http://localhost:4318
  - kind: otlp
    name: google
    preset: google-cloud
    auth: { google: { federation: ${federation} } }
    resource: { gcp.project_id: my-project, location: eu }
  - kind: otlp
    name: beside
    preset: collector
  - kind: pushgateway
    url: http://127.0.0.1:9091
  - kind: remote-write
    url: http://127.0.0.1:9090/api/v1/write
  - kind: statsd
`;

/** The place and the message of each problem. */
function findProblems(environment: 'lambda' | 'emulator' | 'terminal'): readonly (readonly [string, string])[] {
  try {
    parseConfig(text, { file: 'collector.yaml', environment });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => [path, message]);
  }
}

/** Settings of a schema that are called a URL or an endpoint, and are none to the check. */
function listUncheckedUrls(schema: unknown, path = ''): readonly string[] {
  return expandOptions(schema).flatMap((option) => {
    if (option instanceof z.ZodArray) return listUncheckedUrls(option.element, `${path}[]`);
    if (option instanceof z.ZodObject)
      return Object.entries(option.shape).flatMap(([name, member]) => listUncheckedUrls(member, `${path}.${name}`));
    return /(url|endpoint)$/i.test(path) && !(option instanceof z.ZodURL) ? [path] : [];
  });
}

describe('a URL of this machine', () => {
  it('is refused for a function in every setting that has one, with the remedy', () => {
    const problems = findProblems('lambda');

    const refusal =
      'is the function itself in AWS Lambda, to which nothing is sent; write a host that the function reaches';
    const ofPreset =
      'means http://127.0.0.1:4318, which is the function itself in AWS Lambda, to which nothing is sent; add `url` with a host that the function reaches';
    expect(new Set(problems.map(([, message]) => message))).toEqual(new Set([refusal, ofPreset]));
    expect(problems.filter(([, message]) => message === ofPreset)).toEqual([['sinks[5].preset', ofPreset]]);
    expect(problems.map(([path]) => path)).toEqual([
      'sources[0].endpoint',
      'sources[0].auth.oauth.tokenUrl',
      'sources[1].endpoint',
      'sources[1].graphqlEndpoint',
      'sources[1].restEndpoint',
      'sources[1].portal.endpoint',
      'sources[2].url',
      'sources[3].targets[1].url',
      'sources[4].cluster.eks.endpoint',
      'sources[4].cluster.eks.describeUrl',
      'sources[5].cluster.server',
      'sources[5].results.url',
      'sinks[0].url',
      'sinks[1].url',
      'sinks[1].auth.federation.tokenUrl',
      'sinks[1].auth.federation.impersonationUrl',
      'sinks[2].url',
      'sinks[2].eventsUrl',
      'sinks[3].url',
      'sinks[4].auth.google.federation.tokenUrl',
      'sinks[4].auth.google.federation.impersonationUrl',
      'sinks[5].preset',
      'sinks[6].url',
      'sinks[7].url',
    ]);
  });

  it('is known as one in every source and sink', () => {
    expect([...sources, ...sinks].flatMap(({ kind, config }) => listUncheckedUrls(config, kind))).toEqual([]);
  });

  it.each(['terminal', 'emulator'] as const)('may be used in the %s', (environment) => {
    expect(findProblems(environment)).toEqual([]);
  });
});
