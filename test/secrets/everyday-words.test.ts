/** A secret that is an everyday word hides nothing, so it blackens nothing that never held it. */
import { describe, expect, it } from 'vitest';
import { problemKinds } from '../../lambda/model/problem.ts';
import { catalogue } from '../../lambda/model/catalogue.ts';
import { createRedactor, weaknessOf } from '../../lambda/secrets/redaction.ts';
import { sinks } from '../../lambda/sinks/index.ts';
import { sources } from '../../lambda/sources/index.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { sourceSubjects } from '../contracts/subjects.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';

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
    expect(weaknessOf(word)).not.toBeUndefined();
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
    expect(weaknessOf(value)).toBe(weakness);
  });
});

describe('a redactor that knows such secrets', () => {
  const redactor = createRedactor();
  for (const value of ['prometheus', 'ok', 'pin-7', 'a-token-of-ours-1']) redactor.remember(value);
  const said = 'prometheus is ok with pin-7 and a-token-of-ours-1';

  it('takes all of them out of what somebody else wrote', () => {
    expect(redactor.text(said)).toBe('[redacted] is [redacted] with [redacted] and [redacted]');
    expect(redactor.value([said])).toEqual(['[redacted] is [redacted] with [redacted] and [redacted]']);
  });

  it('takes what is no word of ours out of a name', () => {
    expect(redactor.name(said)).toBe('prometheus is ok with [redacted] and [redacted]');
  });

  it('takes what can be a secret out of our own texts', () => {
    expect(redactor.own.text(said)).toBe('prometheus is ok with pin-7 and [redacted]');
    expect(redactor.own.value({ said })).toEqual({ said: 'prometheus is ok with pin-7 and [redacted]' });
  });

  it('takes all of them out of what an error of ours holds of an answer', () => {
    const error = Object.assign(new Error('prometheus is ok'), {
      excerpt: 'prometheus is ok',
      headers: { 'x-a': 'ok' },
    });

    expect(redactor.own.value(error)).toMatchObject({
      message: 'prometheus is ok',
      excerpt: '[redacted] is [redacted]',
      headers: { 'x-a': '[redacted]' },
    });
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
