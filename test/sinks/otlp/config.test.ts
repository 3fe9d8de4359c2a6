/** Tests of the configuration of the sink `otlp`, of its addresses, rights and secrets. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { OtlpConfig } from '../../../lambda/sinks/otlp/config.ts';
import { otlp } from '../../../lambda/sinks/otlp/index.ts';
import { buildSignalUrl, resolveTarget } from '../../../lambda/sinks/otlp/receiver/target.ts';

const base = { kind: 'otlp', url: 'https://example.com' };
const sigv4 = { sigv4: { region: 'eu-west-1' } };
const key = { apiKey: { secret: 'a' } };

describe('settings that cannot work', () => {
  it.each([
    ['no receiver', { url: undefined }, 'is needed: the base URL'],
    ['an API key without a preset', key, 'belongs to the presets'],
    ['New Relic without a key', { preset: 'new-relic' }, 'is needed by the preset new-relic'],
    ['Datadog without a URL', { url: undefined, preset: 'datadog', ...key }, 'is needed: the base URL'],
    ['Datadog with running totals', { preset: 'datadog', ...key, temporality: 'cumulative' }, 'as increases only'],
    ['CloudWatch without a signature', { preset: 'cloudwatch' }, 'signed requests only'],
    ['CloudWatch with a token', { preset: 'cloudwatch', auth: { bearer: { secret: 'a' } } }, 'signed requests only'],
    [
      'Grafana Cloud with a token alone',
      { preset: 'grafana-cloud', auth: { bearer: { secret: 'a' } } },
      'the number of the instance',
    ],
    ['a URL without TLS', { url: 'http://example.com' }, 'sends everything readable'],
    ['a header of the protocol', { headers: { 'Content-Type': 'x' } }, 'is set by the collector'],
    ['a header of the signature', { headers: { 'X-Amz-Date': 'x' } }, 'is set by the collector'],
    ['an attribute with a blank', { attributes: { 'a b': 'x' } }, 'must not be empty or have blanks'],
    ['an unknown preset', { preset: 'honeycomb' }, 'Invalid option'],
    ['an unknown setting', { interval: 5 }, 'Unrecognized key'],
    ['no point in a request', { pointsPerRequest: 0 }, 'Too small'],
    [
      'traces to CloudWatch',
      { preset: 'cloudwatch', auth: sigv4, traces: 'finished-runs' },
      'CloudWatch takes metrics here and traces at X-Ray',
    ],
    [
      'traces to CloudWatch by its URL',
      { url: 'https://monitoring.eu-west-1.amazonaws.com', auth: sigv4, traces: 'finished-runs' },
      'CloudWatch takes metrics here and traces at X-Ray',
    ],
    [
      'more points than CloudWatch takes',
      { preset: 'cloudwatch', auth: sigv4, pointsPerRequest: 1001 },
      'is more than the 1000 points that cloudwatch takes in one request; lower it, or leave it out',
    ],
    [
      'more bytes than CloudWatch takes',
      { preset: 'cloudwatch', auth: sigv4, bytesPerRequest: 1_000_001 },
      'is more than the 1000000 bytes that cloudwatch takes in one request; lower it, or leave it out',
    ],
    [
      'more bytes than New Relic takes',
      { preset: 'new-relic', ...key, bytesPerRequest: 1_000_001 },
      'is more than the 1000000 bytes that new-relic takes in one request; lower it, or leave it out',
    ],
    [
      'more bytes than Datadog takes',
      { preset: 'datadog', ...key, bytesPerRequest: 512_001 },
      'is more than the 512000 bytes that datadog takes in one request; lower it, or leave it out',
    ],
    [
      'more points than Google Cloud takes',
      { preset: 'google-cloud', pointsPerRequest: 201 },
      'is more than the 200 points that google-cloud takes in one request; lower it, or leave it out',
    ],
    ['traces to Datadog', { preset: 'datadog', ...key, traces: 'finished-runs' }, 'traces at its agent'],
  ])('%s are refused', (_, settings, reason) => {
    expect(() => otlp.prepare({ ...base, ...settings })).toThrow(reason);
    expect(() => otlp.prepare({ ...base, ...settings })).toThrow(z.ZodError);
  });
});

describe('where requests go', () => {
  it.each([
    ['https://example.com', 'https://example.com/v1/metrics'],
    ['https://example.com/otlp/', 'https://example.com/otlp/v1/metrics'],
    ['https://example.com/otlp?a=b', 'https://example.com/otlp/v1/metrics?a=b'],
    ['https://example.com/otlp/v1/metrics', 'https://example.com/otlp/v1/metrics'],
  ])('%s becomes %s', (url, expected) => {
    expect(buildSignalUrl(url, 'metrics').href).toBe(expected);
  });

  it('is another path for another signal', () => {
    expect(buildSignalUrl('https://example.com/otlp/v1/metrics', 'traces').href).toBe(
      'https://example.com/otlp/v1/traces',
    );
  });

  it.each([
    [
      { preset: 'cloudwatch', auth: sigv4 },
      'https://monitoring.eu-west-1.amazonaws.com/v1/metrics',
      'cumulative',
      1000,
    ],
    [{ preset: 'new-relic', ...key }, 'https://otlp.nr-data.net/v1/metrics', 'cumulative', 10_000],
    [
      { preset: 'new-relic', ...key, url: 'https://otlp.eu01.nr-data.net' },
      'https://otlp.eu01.nr-data.net/v1/metrics',
      'cumulative',
      10_000,
    ],
    [{ preset: 'datadog', ...key, url: 'https://example.com' }, 'https://example.com/v1/metrics', 'delta', 10_000],
    [{ preset: 'collector' }, 'http://127.0.0.1:4318/v1/metrics', 'cumulative', 10_000],
    // All that a receiver takes, and more than the own choice where it sets no limit.
    [
      { preset: 'cloudwatch', auth: sigv4, pointsPerRequest: 1000, bytesPerRequest: 1_000_000 },
      'https://monitoring.eu-west-1.amazonaws.com/v1/metrics',
      'cumulative',
      1000,
    ],
    [
      { preset: 'new-relic', ...key, pointsPerRequest: 20_000 },
      'https://otlp.nr-data.net/v1/metrics',
      'cumulative',
      20_000,
    ],
    [
      { preset: 'collector', temporality: 'delta', pointsPerRequest: 7 },
      'http://127.0.0.1:4318/v1/metrics',
      'delta',
      7,
    ],
  ])('follows from %o', (settings, url, temporality, points) => {
    const target = resolveTarget(OtlpConfig.parse({ kind: 'otlp', ...settings }));

    expect([target.url.href, target.temporality, target.limits.points]).toEqual([url, temporality, points]);
  });
});

describe('rights and secrets', () => {
  it('are to publish metrics, of the function or of a role that it takes on', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/metrics';
    const cloudwatch = { kind: 'otlp', preset: 'cloudwatch' };

    expect(otlp.prepare({ ...cloudwatch, auth: sigv4 }).grants([])).toEqual([{ kind: 'put-otlp-metrics' }]);
    expect(otlp.prepare({ ...cloudwatch, auth: { sigv4: { region: 'eu-west-1', roleArn } } }).grants([])).toEqual([
      { kind: 'assume-role', roleArn },
    ]);
    expect(otlp.prepare(base).grants([])).toEqual([]);
    expect(otlp.prepare({ ...base, auth: sigv4, signingService: 'osis' }).grants([])).toEqual([]);
  });

  it('include every secret that the settings name', () => {
    const { secrets } = otlp.prepare({
      ...base,
      preset: 'new-relic',
      apiKey: { secret: 'a' },
      tls: { ca: { secret: 'b' } },
      headers: { 'X-Key': { secret: 'c' }, 'X-Env': 'plain' },
    });

    expect(secrets).toEqual([{ secret: 'b' }, { secret: 'c' }, { secret: 'a' }]);
  });
});

describe('the example', () => {
  it('is a configuration that works as it stands', () => {
    const file = 'lambda/sinks/otlp/example.yaml';
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

    const { sinks } = parseConfig(text, { file, environment: 'lambda' });

    expect(sinks.map(({ name }) => name)).toEqual([
      ...['otel-collector', 'cloudwatch-otlp', 'google-cloud', 'grafana-cloud-otlp', 'new-relic', 'prometheus-otlp'],
    ]);
  });
});
