/** A credential is refused wherever it stands as plain text, and is not repeated. */
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../lambda/config/checks/check-config.ts';
import { formatPath } from '../../lambda/config/config-error.ts';

function foundIn(sink: object, source: object = {}): readonly string[] {
  const sources = [{ kind: 'buildkite', agentTokens: [{ env: 'X' }], ...source }];
  const checked = checkConfig({ sources, sinks: [sink] }, 'terminal');
  return 'config' in checked ? [] : checked.findings.map(({ path, message }) => `${formatPath(path)} ${message}`);
}

const url = 'https://example.com/write';

describe('a header of plain text', () => {
  it.each(['otlp', 'remote-write'])('of %s is refused where its name is that of a credential', (kind) => {
    for (const name of [
      'X-Api-Key',
      'api-key',
      'dd-api-key',
      'Token',
      'X-Auth-Token',
      'Cookie',
      'x-license-key',
      'X-Secret',
    ])
      expect(foundIn({ kind, url, headers: { [name]: 'abc-123' } })).toEqual([
        expect.stringMatching(
          /^sinks\[0\]\.headers.*holds a credential as plain text.* write a reference such as \{ secret: NAME \}$/,
        ),
      ]);
  });

  it.each(['X-Env', 'THANOS-TENANT', 'X-Scope', 'Idempotency-Key', 'X-Authored-By', 'x-goog-user-project'])(
    'called %s is taken',
    (name) => {
      expect(foundIn({ kind: 'otlp', url, headers: { [name]: 'abc-123' } })).toEqual([]);
    },
  );

  it('is taken as a reference, whatever its name', () => {
    expect(foundIn({ kind: 'otlp', url, headers: { 'X-Api-Key': { env: 'KEY' } } })).toEqual([]);
  });
});

const hex = '0123456789abcdef0123456789abcdef0123';

describe('a value with the form of a credential', () => {
  it.each([
    ['Authorization', 'Bearer abcdefgh1234'],
    ['Buildkite', `bkua_${hex}`],
    ['GitHub', `ghp_${hex}`],
    ['GitLab', 'glpat-0123456789abcdef0123'],
    ['Atlassian', `ATATT3x${hex}`],
    ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['Grafana', `glc_${hex}`],
    ['New Relic', `${hex}NRAL`],
    ['Google', `ya29.${hex}`],
    ['Slack', 'xoxb-0123456789-abc'],
    ['JWT', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${hex}`],
    ['PEM', '-----BEGIN EC PRIVATE KEY-----'],
  ])('of %s is refused once in a header, an attribute, a label and a source, and never repeated', (_, value) => {
    const places: readonly (readonly [string, readonly string[]])[] = [
      ['headers', foundIn({ kind: 'otlp', url, headers: { 'X-Env': value } })],
      ['headers', foundIn({ kind: 'otlp', url, headers: { 'X-Token': value } })],
      ['resource', foundIn({ kind: 'otlp', url, resource: { team: value } })],
      ['labels', foundIn({ kind: 'remote-write', url, labels: { team: value } })],
      ['sources', foundIn({ kind: 'stdout' }, { agentTokens: [{ env: value }] })],
    ];

    for (const [place, found] of places) {
      expect(found).toEqual([expect.stringContaining('holds a credential as plain text')]);
      expect(found.join()).toContain(place);
      expect(found.join()).not.toContain(value);
    }
  });

  it.each(['token ring', 'bearer', 'basic plan', 'eyJ', 'AKIA', 'https://example.com/ghp_x', 'bkua_short'])(
    'is not seen in %s',
    (value) => {
      expect(foundIn({ kind: 'otlp', url, resource: { team: value } })).toEqual([]);
    },
  );
});
