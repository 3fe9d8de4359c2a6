/** Whatever stands in a configuration file, the answer is a configuration or a list of problems, soon and short. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lambda/config/config-error.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';

const valid = `sources:
  - kind: buildkite
    agentTokens: [{ secret: ci/bk }]
sinks:
  - kind: cloudwatch
`;

function problemsOf(text: string): readonly { readonly path: string; readonly message: string }[] {
  return errorOf(text)?.problems ?? [];
}

/** Undefined for a configuration; anything but a ConfigError is a fault of the reader. */
function errorOf(text: string): ConfigError | undefined {
  try {
    parseConfig(text, { file: 'c.yaml', environment: 'terminal' });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function numbered(count: number, text: (index: number) => string, separator: string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(separator);
}

describe('a large or twisted file', () => {
  it.each([
    [
      'a flow mapping without blanks',
      `{a: b,c: d,${numbered(2000, (index) => `k${String(index)}: v`, ',')}}`,
      /is no setting/,
    ],
    ['one without any blank', `{${numbered(2000, (index) => `"k${String(index)}":1`, ',')}}`, /is no setting/],
    ['one that is not closed', `{a: b,c: d,`.repeat(2000), /./],
    ['open brackets', '['.repeat(5000), /more than 64 levels/],
    ['nested lists', `${'['.repeat(5000)}${']'.repeat(5000)}`, /more than 64 levels/],
    ['nested mappings', `${valid}x: ${'{a: '.repeat(500)}1${'}'.repeat(500)}`, /more than 64 levels/],
    ['nested blocks', numbered(200, (index) => `${' '.repeat(index)}a:`, '\n'), /more than 64 levels/],
    ['nested dashes', `${'- '.repeat(5000)}a`, /more than 64 levels/],
    [
      'aliases in aliases',
      numbered(
        500,
        (index) => `m${String(index)}: &m${String(index)} [${index === 0 ? 'a' : `*m${String(index - 1)}`}]`,
        '\n',
      ),
      /more than 64 levels/,
    ],
    [
      'merges in merges',
      numbered(
        500,
        (index) => `m${String(index)}: &m${String(index)} {${index === 0 ? 'a: b' : `<<: *m${String(index - 1)}`}}`,
        '\n',
      ),
      /more than 64 levels/,
    ],
    ['very many aliases', `y: &a [1]\nx: [${numbered(20_000, () => '*a', ', ')}]`, /at most 100 repetitions/],
    ['very many values', `x: [${numbered(150_000, () => '1', ',')}]`, /more than 100000 values/],
    ['a long name', `${'a'.repeat(900_000)}: x`, /longer than 1,024 characters/],
    ['a long text', `${valid}x: ${'a'.repeat(900_000)}`, /is no setting/],
    ['many merge keys', `a: &a {b: 1}\nx: {${numbered(50, () => '<<: *a', ', ')}}`, /<<: \[\*first, \*second\]/],
    ['a merge of a text', `x: { <<: text }`, /merges mappings only/],
  ])('of %s has a problem that says so', (_title, text, expected) => {
    const messages = problemsOf(text).map(({ message }) => message);

    expect(messages.some((message) => expected.test(message))).toBe(true);
  });

  it('merges a list of mappings, and what is written itself counts first', () => {
    const text = `sources:
  - &one { kind: buildkite, name: one, agentTokens: [{ secret: a }] }
  - &two { kind: buildkite, name: two, endpoint: "https://two.test/", agentTokens: [{ secret: b }] }
  - { <<: [*one, *two], name: three }
sinks: [{ kind: cloudwatch }]
`;
    const { sources } = parseConfig(text, { file: 'c.yaml', environment: 'lambda' });

    expect(sources[2]).toMatchObject({ name: 'three', endpoint: 'https://two.test/', agentTokens: [{ secret: 'a' }] });
  });

  it('shows the first 20 problems in the order of the file, and counts the rest', () => {
    const error = errorOf(valid + numbered(10_000, (index) => `unknown${String(index)}: 1`, '\n'));
    const lines = error?.message.split('\n') ?? [];

    expect(lines[0]).toBe('c.yaml has 10000 problems:');
    expect(lines.slice(1, 3).map((line) => line.slice(0, 30))).toEqual([
      '  c.yaml:6:1 unknown0: is no s',
      '  c.yaml:7:1 unknown1: is no s',
    ]);
    expect(lines).toHaveLength(22);
    expect(lines[21]).toBe('  and 9980 more; correct these first');
  });

  it.each([
    ['unknown settings', (count: number) => valid + numbered(count, (index) => `setting${String(index)}: 1`, '\n')],
    ['settings of one flow mapping', (count: number) => `{${numbered(count, (index) => `s${String(index)}: 1`, ',')}}`],
    ['settings that stand twice', (count: number) => valid + numbered(count, () => 'interval: 1 minute', '\n')],
    [
      'sources of one name',
      (count: number) =>
        `sources:\n${numbered(count, () => '  - {kind: buildkite, agentTokens: [{secret: a}]}', '\n')}\nsinks: []\n`,
    ],
    [
      'sinks of one target',
      (count: number) =>
        `${valid}${numbered(count, (index) => `  - {kind: file, name: f${String(index)}, path: a}`, '\n')}\n`,
    ],
  ])('takes time that grows with the number of %s, not with its square', (_title, textOf) => {
    const [small, large] = [1250, 10_000];
    cpuMsOf(textOf(small));
    const few = Math.min(cpuMsOf(textOf(small)), cpuMsOf(textOf(small)));

    const many = cpuMsOf(textOf(large));

    // Eight times as many: 8 by a line, 64 by a square; the rest is for garbage collection.
    expect(many / few).toBeLessThan(32);
  });

  it('is never a fault of the reader, whatever is repeated in it', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ': ',
      ':',
      'a',
      'b: ',
      ' ',
      '\n',
      '- ',
      '? ',
      '&a ',
      '*a',
      '!a ',
      '"',
      "'",
      '#',
      '|\n',
      '---\n',
      '%',
      '<<: ',
      '\t',
      '@',
      '\r',
      '\ufeff',
      'a: b,c: d,',
    );
    const repeated = fc.tuple(
      fc.constantFrom('', '{', '[', 'a: {', '- [', valid),
      fc.array(part, { minLength: 1, maxLength: 5 }),
    );

    fc.assert(
      fc.property(repeated, fc.constantFrom(1, 3, 700), ([before, parts], count) => {
        const error = errorOf(before + parts.join('').repeat(count));
        expect(error?.message.split('\n').length ?? 0).toBeLessThan(23);
      }),
      { numRuns: 150 },
    );
  });
});

function cpuMsOf(text: string): number {
  const before = process.cpuUsage();
  errorOf(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('a name that every object has', () => {
  it.each(['labels', 'headers'])('is told where it is one of the %s of a sink', (setting) => {
    const text = `sources: [{ kind: buildkite, agentTokens: [{ secret: a }] }]
sinks: [{ kind: remote-write, url: "https://host.test/", ${setting}: { __proto__: x } }]
`;
    expect(problemsOf(text)).toMatchObject([
      { path: `sinks[0].${setting}.__proto__`, message: expect.stringContaining('choose another') as string },
    ]);
  });

  it('is a label as any other where it can be one', () => {
    const text = `sources: [{ kind: buildkite, agentTokens: [{ secret: a }] }]
sinks: [{ kind: cloudwatch, dimensions: { constructor: x, hasOwnProperty: y, toString: z } }]
`;
    const { sinks } = parseConfig(text, { file: 'c.yaml', environment: 'lambda' });

    expect(sinks[0]).toMatchObject({ dimensions: { constructor: 'x', hasOwnProperty: 'y', toString: 'z' } });
  });
});

describe('a user name or a password in a URL', () => {
  const sourceOf = (text: string): string => `sources: [${text}]\nsinks: [{ kind: cloudwatch }]\n`;
  const sinkOf = (text: string): string =>
    `sources: [{ kind: buildkite, agentTokens: [{ secret: a }] }]\nsinks: [${text}]\n`;

  it.each([
    ['a Pushgateway', sinkOf('{ kind: pushgateway, url: URL }')],
    ['remote write', sinkOf('{ kind: remote-write, url: URL }')],
    ['a metrics page', sourceOf('{ kind: prometheus, targets: [{ url: URL }] }')],
    ['Buildkite', sourceOf('{ kind: buildkite, agentTokens: [{ secret: a }], endpoint: URL }')],
    ['Chainloop', sourceOf('{ kind: chainloop, url: URL }')],
    ['a webhook of alarms', `${valid}alarms: { webhook: { url: URL } }\n`],
  ])('of %s is refused, and not shown', (_title, text) => {
    for (const userinfo of ['user:token-7f3a', 'token-7f3a', ':token-7f3a', '']) {
      const error = errorOf(text.replace('URL', `"https://${userinfo}@host.test/path"`));

      expect(error?.problems.map(({ message }) => message)).toContainEqual(
        expect.stringContaining('holds a user name or password'),
      );
      expect(error?.message).not.toContain('7f3a');
    }
    expect(
      problemsOf(text.replace('URL', '"https://host.test/a@b?c=d@e"')).map(({ message }) => message),
    ).not.toContainEqual(expect.stringContaining('holds a user name or password'));
  });
});

describe('a query or a fragment in a base URL', () => {
  const secret = '{ secret: a }';

  it.each([
    ['Datadog', 'url', `kind: datadog, apiKey: ${secret}`],
    ['New Relic', 'url', `kind: new-relic, apiKey: ${secret}`],
    ['New Relic for events', 'eventsUrl', `kind: new-relic, apiKey: ${secret}`],
    [
      'Google Cloud Monitoring',
      'url',
      `kind: google-cloud-monitoring, project: acme-ci, auth: { serviceAccountKey: ${secret} }`,
    ],
    ['a Pushgateway', 'url', 'kind: pushgateway'],
  ])('of %s is refused, and not shown', (_title, setting, sink) => {
    const textOf = (end: string): string =>
      `sources: [{ kind: buildkite, agentTokens: [${secret}] }]\nsinks: [{ ${sink}, ${setting}: "https://host.test/path${end}" }]\n`;

    for (const end of ['?token=7f3a', '#7f3a', '?', '#']) {
      const error = errorOf(textOf(end));

      expect(error?.problems.map(({ path }) => path)).toEqual([`sinks[0].${setting}`]);
      expect(error?.problems[0]?.message).toContain('must be a base URL without ? or #');
      expect(error?.message).not.toContain('7f3a');
    }
    expect(problemsOf(textOf('/'))).toEqual([]);
  });
});
