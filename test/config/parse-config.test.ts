/** Tests of reading a configuration: defaults, YAML and JSON, secrets, and what must fit together. */
import { build } from 'esbuild';
import * as fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lambda/config/config-error.ts';
import { parseRuntimeConfig } from '../../lambda/config/parse-runtime-config.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { extractRuntimeConfig } from '../../lambda/config/runtime-config.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { findSecretRefs } from '../../lambda/config/checks/find-secret-refs.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';

const smallest = `
sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/buildkite, key: agentToken }]
sinks:
  - kind: cloudwatch
`;

function parse(text: string, environment: 'lambda' | 'terminal' = 'lambda'): CollectorConfig {
  return parseConfig(text, { file: 'collector.yaml', environment });
}

function errorOf(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('a configuration', () => {
  it('has defaults for all that is not written', () => {
    expect(parse(smallest)).toMatchObject({
      collector: 'ci-metrics',
      interval: '1 minute',
      logLevel: 'info',
      secretCacheMinutes: 5,
      queuesPerMetric: 10_000,
      seriesPerMetric: 500,
      sources: [{ kind: 'buildkite', name: 'buildkite', endpoint: 'https://agent.buildkite.com/v3', compat: true }],
      sinks: [{ kind: 'cloudwatch', name: 'cloudwatch', namespace: 'CI' }],
      alarms: { starvedMinutes: 5 },
      deployment: { schedule: 'enabled' },
    });
  });

  it('may repeat a part by anchor, alias and merge key', () => {
    const config = parse(`
sources:
  - &main { kind: buildkite, name: main, agentTokens: [&token { secret: ci/bk, key: token }] }
  - { <<: *main, name: other, agentTokens: [*token, { secret: ci/other }] }
sinks: [{ kind: stdout }]
`);

    expect(config.sources).toMatchObject([
      { name: 'main', agentTokens: [{ secret: 'ci/bk', key: 'token' }] },
      { kind: 'buildkite', name: 'other', agentTokens: [{ secret: 'ci/bk', key: 'token' }, { secret: 'ci/other' }] },
    ]);
  });

  it('may be written with Windows line ends and a byte order mark', () => {
    expect(parse(`\uFEFF${smallest.replaceAll('\n', '\r\n')}`)).toEqual(parse(smallest));
  });

  it('may be JSON, which is YAML', () => {
    const { sources, sinks } = parse(smallest);

    expect(parse(JSON.stringify({ sources, sinks }))).toEqual(parse(smallest));
  });

  it('may take secrets from the environment and from files in a terminal only', () => {
    const text = `
sources: [{ kind: buildkite, agentTokens: [{ env: TOKEN }, { file: /run/token }] }]
sinks: [{ kind: stdout }]
`;

    expect(parse(text, 'terminal').sources).toMatchObject([
      { agentTokens: [{ env: 'TOKEN' }, { file: '/run/token' }] },
    ]);
    expect(errorOf(() => parse(text)).problems.map(({ path }) => path)).toEqual([
      'sources[0].agentTokens[0]',
      'sources[0].agentTokens[1]',
    ]);
  });

  it('does not take a label set for a secret', () => {
    const text = `${smallest}  - { kind: remote-write, url: 'https://host/write', labels: { env: production } }\n`;

    expect(parse(text).sinks).toMatchObject([{}, { labels: { env: 'production' } }]);
  });

  it('is told by its own file name and lines', () => {
    const error = errorOf(() => parseConfig('a: 1\n', { file: 'other/my.yaml', environment: 'terminal' }));

    expect(error.message).toMatch(/^other\/my\.yaml has 3 problems:\n {2}other\/my\.yaml:1:1 sources: is missing/);
  });

  it('never ends in anything but a configuration or a ConfigError, and shows no secret', () => {
    const words = fc.constantFrom(
      ...['sources', 'sinks', 'kind', 'buildkite', 'cloudwatch', 'agentTokens', 'secret', 'auth', 'basic', 'password'],
      ...[
        ': ',
        '- ',
        '\n',
        '\n  ',
        '\n    ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '&a ',
        '*a',
        '<<',
        '"',
        "'",
        '!t ',
        '? ',
        '|',
        '#',
      ],
      ...[canaries.token, canaries.json, canaries.pem],
    );

    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        try {
          parse(parts.join(''));
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expectNoCanary(error);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is wrong anywhere', () => {
  it('is a ConfigError for any value in the place of any setting', () => {
    const base = parse(smallest);
    const anything = fc.jsonValue({ maxDepth: 3 });
    const name = fc.constantFrom(...Object.keys(base), 'unknown');

    fc.assert(
      fc.property(name, anything, (setting, value) => {
        const text = JSON.stringify({ ...base, [setting]: value });
        try {
          parse(text);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          // Each problem has a place in the text.
          expect(error.problems.every(({ position }) => position !== undefined)).toBe(true);
        }
      }),
    );
  });

  it('has a text for every wrong secret reference in a source or sink', () => {
    const anything = fc.jsonValue({ maxDepth: 2 });

    fc.assert(
      fc.property(anything, (value) => {
        const sinks = [
          { kind: 'pushgateway', url: 'https://host', auth: { basic: { username: 'ci', password: value } } },
        ];
        const { sources } = parse(smallest);
        try {
          parse(JSON.stringify({ sources, sinks }));
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.message).not.toMatch(/undefined|\[object|Invalid input|does not fit/);
        }
      }),
    );
  });
});

describe('the configuration in the function', () => {
  it('is read without the YAML parser', async () => {
    const { metafile } = await build({
      entryPoints: [join(import.meta.dirname, '../../lambda/config/parse-runtime-config.ts')],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });

    // What is imported only when it is needed, such as a kubeconfig, is not read at the start.
    const packages: string[] = [];
    const places = ['lambda/config/parse-runtime-config.ts'];
    for (const place of places) {
      for (const { path, external, kind } of metafile.inputs[place]?.imports ?? []) {
        if (kind !== 'import-statement') continue;
        if (external === true) packages.push(path);
        else if (!places.includes(path)) places.push(path);
      }
    }
    expect(places.length).toBeGreaterThan(20);
    expect(packages).toContain('zod');
    expect(packages).not.toContain('yaml');
  });

  it('leaves out what only the stack needs', () => {
    const runtime = extractRuntimeConfig(parse(`${smallest}alarms: { emails: [on-call@example.com] }\n`));

    expect(runtime).not.toHaveProperty('alarms');
    expect(runtime).not.toHaveProperty('deployment');
    expect(runtime).toMatchObject({ collector: 'ci-metrics', sources: [{ kind: 'buildkite' }] });
  });

  it('is the same after its way through the asset', () => {
    const runtime = extractRuntimeConfig(parse(smallest));

    expect(parseRuntimeConfig(JSON.stringify(runtime))).toEqual(runtime);
  });

  it.each([
    ['no JSON', `{"token": "${canaries.token}`, 'collector.json is not JSON; deploy again, the stack writes this file'],
    ['a setting of the stack', '{"alarms":{}}', 'collector.json alarms: is no setting here; there are'],
    [
      'a secret in a file',
      '{"sources":[{"kind":"buildkite","agentTokens":[{"file":"/x"}]}]}',
      'AWS Lambda has no such file',
    ],
  ])('is refused when it is %s', (_, text, part) => {
    const error = errorOf(() => parseRuntimeConfig(text));

    expect(error.message).toContain(part);
    expectNoCanary(error);
  });
});

describe('the secret references of a configuration', () => {
  it('are found wherever the schema has them, with their places', () => {
    const config = parse(`
sources:
  - kind: buildkite
    agentTokens: [{ secret: a }, { parameter: /b }]
    tls: { ca: { secret: c } }
sinks:
  - kind: remote-write
    url: https://host/write
    headers: { X-Plain: text, X-Secret: { secret: d } }
    labels: { secret: not-a-reference }
    auth: { basic: { username: ci, password: { secret: e, key: f } } }
`);

    const found = findSecretRefs(CollectorConfig, config);

    expect(found.map(({ path, ref }) => [path.join('.'), ref])).toEqual([
      ['sources.0.agentTokens.0', { secret: 'a' }],
      ['sources.0.agentTokens.1', { parameter: '/b' }],
      ['sources.0.tls.ca', { secret: 'c' }],
      ['sinks.0.headers.X-Secret', { secret: 'd' }],
      ['sinks.0.auth.basic.password', { secret: 'e', key: 'f' }],
    ]);
  });
});
