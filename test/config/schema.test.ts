/** Tests that the examples are valid, and that the JSON Schema accepts what the collector accepts. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Interval } from '../../lambda/settings/interval.ts';
import { buildConfigJsonSchema } from '../../lambda/config/json-schema.ts';
import { parseConfig } from '../../lambda/config/parse-config.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';
import { examplePath } from '../../scripts/docs/pages.ts';

const root = join(import.meta.dirname, '../..');

const ajv = new Ajv2020({ strict: true, allErrors: true });
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
ajv.addFormat('base64', /^[A-Za-z0-9+/]*={0,2}$/);
const accepts = ajv.compile(buildConfigJsonSchema());

/** Each with the place that it is for: a sink that a function cannot be has an example for a terminal. */
const examples: readonly (readonly [path: string, environment: 'lambda' | 'terminal'])[] = [
  ['collector.yaml', 'lambda'],
  ...sources.map(({ kind }) => [examplePath('sources', kind), 'lambda'] as const),
  ...sinks.map(
    ({ kind, notInFunction }) =>
      [examplePath('sinks', kind), notInFunction === undefined ? 'lambda' : 'terminal'] as const,
  ),
];

describe('an example', () => {
  it.each(examples)('%s is there and is a configuration for %s', (path, environment) => {
    expect(existsSync(join(root, path))).toBe(true);
    const text = readFileSync(join(root, path), 'utf8');

    const config = parseConfig(text, { file: path, environment });
    const isAccepted = accepts(parse(text, { merge: true }));

    expect(accepts.errors).toBeNull();
    expect(isAccepted).toBe(true);
    expect(config.sources.length).toBeGreaterThan(0);
  });

  it('that is deployed completes itself in editors', () => {
    const [firstLine] = readFileSync(join(root, 'collector.yaml'), 'utf8').split('\n');

    expect(firstLine).toBe('# yaml-language-server: $schema=./collector.schema.json');
  });
});

describe('the JSON Schema', () => {
  const token = { secret: 'ci/bk', key: 'token' };
  const source = { kind: 'buildkite', agentTokens: [token] };
  const good = { sources: [source], sinks: [{ kind: 'cloudwatch' }] };

  it('accepts what has defaults without them', () => {
    expect(accepts(good)).toBe(true);
  });

  it.each([
    ['an unknown setting', { ...good, extra: 1 }],
    ['an unknown kind', { ...good, sinks: [{ kind: 'graphite' }] }],
    ['a setting of another kind', { ...good, sinks: [{ kind: 'cloudwatch', url: 'https://host' }] }],
    ['a missing setting', { ...good, sinks: [{ kind: 'pushgateway' }] }],
    ['a token instead of a reference', { ...good, sources: [{ ...source, agentTokens: ['bkct_token'] }] }],
    ['a reference to two places', { ...good, sources: [{ ...source, agentTokens: [{ ...token, env: 'TOKEN' }] }] }],
    ['a list without an entry', { ...good, sources: [] }],
    ['a wrong interval', { ...good, interval: '7 seconds' }],
    ['a number out of range', { ...good, seriesPerMetric: 1 }],
    ['a wrong choice', { ...good, logLevel: 'loud' }],
    ['a text for a truth value', { ...good, sources: [{ ...source, compat: 'yes' }] }],
    ['an impossible retention', { ...good, deployment: { logRetentionDays: 2 } }],
  ])('refuses %s', (_, config) => {
    expect(accepts(config)).toBe(false);
  });

  it('takes the same intervals as the configuration', () => {
    const { pattern } = Interval.meta() ?? {};
    const expression = new RegExp(String(pattern));
    const number = fc.oneof(fc.nat(130).map(String), fc.constantFrom('05', '1.5', '-1', ''));
    const unit = fc.constantFrom('second', 'seconds', 'minute', 'minutes', 'hour', 'hours', 'day', '');

    fc.assert(
      fc.property(number, unit, (count, name) => {
        const text = `${count} ${name}`;
        return expression.test(text) === Interval.safeParse(text).success;
      }),
      { numRuns: 2000 },
    );
  });
});
