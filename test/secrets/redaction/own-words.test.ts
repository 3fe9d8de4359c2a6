/** A secret that is an everyday word hides nothing, so it blackens nothing that never held it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemKinds } from '../../../lambda/model/problem.ts';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import { createRedactor, findWeakness } from '../../../lambda/secrets/redaction/redactor.ts';
import { sinks } from '../../../lambda/sinks/index.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { sourceSubjects } from '../../contracts/subjects.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';

const metrics = [...catalogue, ...sources.flatMap((source) => source.metrics)];

/** What a log, a report and a page hold whatever the secrets are. */
const vocabulary = [
  ...problemKinds,
  ...sources.flatMap(({ kind, system }) => [kind, system]),
  ...sinks.map(({ kind }) => kind),
  ...metrics.flatMap(({ name, labels, enumerated = {} }) => [name, ...labels, ...Object.values(enumerated).flat()]),
].filter((word): word is string => word !== undefined && word.length > 1 && /[a-z]/i.test(word));

describe('our own vocabulary', () => {
  it.each([...new Set(vocabulary)])('knows %s', (word) => {
    expect(findWeakness(word)).not.toBeUndefined();
  });

  it.each([
    ['prometheus', 'word'],
    ['Prometheus', 'word'],
    ['remote-write', 'word'],
    ['ok', 'word'],
    [' ok ', 'word'],
    ['s3cr3t7', 'short'],
    ['s3cr3t78', undefined],
    ['prometheus-7f3a9b', undefined],
  ] as const)('judges %s', (value, weakness) => {
    expect(findWeakness(value)).toBe(weakness);
  });
});

describe('a redactor that knows such secrets', () => {
  const redactor = createRedactor();
  for (const value of ['prometheus', 'ok', 'pin-7', 'a-token-of-ours-1']) redactor.remember(value);
  const said = 'prometheus is ok with pin-7 and a-token-of-ours-1';

  it('takes all of them out of what somebody else wrote', () => {
    expect(redactor.redactText(said)).toBe('[redacted] is [redacted] with [redacted] and [redacted]');
    expect(redactor.redactValue([said])).toEqual(['[redacted] is [redacted] with [redacted] and [redacted]']);
  });

  it('takes what is no word of ours out of a name', () => {
    expect(redactor.redactName(said)).toBe('prometheus is ok with [redacted] and [redacted]');
  });

  it('takes what can be a secret out of our own texts', () => {
    expect(redactor.own.redactText(said)).toBe('prometheus is ok with pin-7 and [redacted]');
    expect(redactor.own.redactValue({ said })).toEqual({ said: 'prometheus is ok with pin-7 and [redacted]' });
  });

  it('takes all of them out of what an error of ours holds of an answer', () => {
    const error = Object.assign(new Error('prometheus is ok'), {
      excerpt: 'prometheus is ok',
      headers: { 'x-a': 'ok' },
    });

    expect(redactor.own.redactValue(error)).toMatchObject({
      message: 'prometheus is ok',
      excerpt: '[redacted] is [redacted]',
      headers: { 'x-a': '[redacted]' },
    });
  });
});

describe('a redactor that knows a secret which only begins or ends like one of our words', () => {
  const tail = fc.stringMatching(/^[A-Za-z0-9_]{6,40}$/).filter((text) => findWeakness(text) === undefined);
  const longWord = fc.constantFrom(...vocabulary.filter((word) => word.length >= 8));

  it('keeps every word of ours, alone and at the end of a text', () => {
    const separator = fc.constantFrom('', '_', '-', '.');
    // A word loses its first characters, for a secret may begin in the middle of it, too.
    fc.assert(
      fc.property(longWord, fc.nat(5), separator, tail, (word, skipped, between, rest) => {
        const secret = `${word.slice(skipped)}${between}${rest}`;
        fc.pre(findWeakness(secret) === undefined && !word.includes(secret));
        const redactor = createRedactor();
        redactor.remember(secret);
        for (const text of [word, `read from ${word}`, `of-${word}`, `${word}\u2026`]) {
          expect(redactor.redactText(text)).toBe(text);
          expect(redactor.redactName(text)).toBe(text);
          expect(redactor.own.redactText(text)).toBe(text);
        }
      }),
    );
  });

  it.each([128, 300, 1024])('takes it out where a text was cut in the middle of it, at %i characters', (length) => {
    const value = fc.stringMatching(/^[A-Za-z0-9_]{24,80}$/);
    fc.assert(
      fc.property(longWord, value, fc.constantFrom('', '\u2026'), fc.nat(20), (word, rest, mark, more) => {
        const secret = `${word}_${rest}`;
        fc.pre(findWeakness(rest) === undefined && findWeakness(secret.slice(0, word.length + 9)) === undefined);
        const redactor = createRedactor();
        redactor.remember(secret);
        // At least eight characters besides the word are left of it.
        const kept = Math.min(secret.length - 1, word.length + 9 + more);
        const text = `${'. '.repeat(length).slice(0, length - kept)}${secret.slice(0, kept)}${mark}`;
        expect(redactor.redactText(text)).toBe(text.replace(secret.slice(0, kept), '[redacted]'));
      }),
    );
  });

  it('takes out a whole secret that begins with a word of ours', () => {
    const redactor = createRedactor();
    redactor.remember('chainloop_demo_token');

    expect(redactor.own.redactText('chainloop said chainloop_demo_token')).toBe('chainloop said [redacted]');
    expect(redactor.own.redactText('it said chainloop_demo_to')).toBe('it said [redacted]');
    expect(redactor.redactName('chainloop')).toBe('chainloop');
  });
});

describe.each(['prometheus', 'ok', 'jobs', 'queue', 'gauge', 'buildkite'])('a pipeline whose secret is %s', (word) => {
  it('publishes and says the same as with any other, and warns once', async () => {
    const [weak, strong] = await Promise.all([saidWith(word), saidWith('a-token-that-nothing-holds')]);

    expect(weak.printed).toEqual(strong.printed);
    expect(weak.printed.join('')).not.toContain('[redacted]');
    expect(strong.warnings).toEqual([]);
    expect(weak.warnings).toEqual([
      {
        level: 'warn',
        message:
          'a secret is an everyday word: it is easily guessed, and hidden only in answers from outside; put another one',
        fields: { reference: 'environment variable CANARY_TOKEN' },
      },
    ]);
  });
});

describe('a redactor that knows words of the configuration', () => {
  const secret = 'acme-build-5f3a9c71d2e84b06';
  const redactor = createRedactor();
  redactor.keepWords(['acme-build', 'acme-build-5f3a9c71d2', secret]);
  redactor.remember(secret);

  it.each(['acme-build', 'source "acme-build', 'buildkite/acme-build', 'acme-build\u2026'])(
    'shows them: %s',
    (text) => {
      expect([redactor.redactText(text), redactor.redactName(text), redactor.own.redactText(text)]).toEqual([
        text,
        text,
        text,
      ]);
    },
  );

  it.each([
    [secret, '[redacted]'],
    [`it said ${secret}`, 'it said [redacted]'],
    // More than the word, less than the word, and the word as a part of another one.
    ['it said acme-build-5f', 'it said [redacted]'],
    ['it said acme-buil', 'it said [redacted]'],
    ['it said xacme-build', 'it said x[redacted]'],
    // Of which too little is left to be a secret.
    ['it said acme-build-5f3a9c71d2', 'it said [redacted]'],
  ])('hides all else: %s', (text, shown) => {
    expect([redactor.redactText(text), redactor.redactName(text), redactor.own.redactText(text)]).toEqual([
      shown,
      shown,
      shown,
    ]);
  });
});

describe('a source that has the beginning of its token for a name', () => {
  it('is published under its name, and the token nowhere', async () => {
    const token = 'acme-build-5f3a9c71d2e84b06';
    await using server = await startLoopbackServer(sourceSubjects.prometheus.healthy);
    const source = { ...sourceSubjects.prometheus.config(server.url), name: 'acme-build' };
    await using pipeline = await contractPipeline({ sources: [source], sinks: [{ kind: 'stdout' }] }, { token });

    const report = await pipeline.run(20_000);

    const printed = pipeline.said().printed.join('');
    expect(report.outcome).toBe('ok');
    expect(printed).toContain('source="acme-build"');
    expect(printed).not.toContain('[redacted]');
    expect(printed).not.toContain(token);
  });
});

async function saidWith(token: string) {
  await using server = await startLoopbackServer(sourceSubjects.prometheus.healthy);
  const config = { sources: [sourceSubjects.prometheus.config(server.url)], sinks: [{ kind: 'stdout' }] };
  await using pipeline = await contractPipeline(config, { token, clock: () => Date.UTC(2026, 10, 21, 12) });
  await pipeline.run(20_000);
  await pipeline.run(20_000);
  // The port differs from server to server.
  const printed = pipeline.said().printed.map((text) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'host:1'));
  return {
    printed: printed.map(withoutTimes),
    warnings: pipeline.said().lines.filter(({ level }) => level === 'warn'),
  };
}

/** Durations and sizes differ from run to run. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d+(\.\d+)?(e-?\d+)?/g, '0');
}
