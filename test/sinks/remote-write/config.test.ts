/** Tests of the configuration of the sink `remote-write`, and of the rights that it asks for. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { remoteWrite } from '../../../lambda/sinks/remote-write/index.ts';

const base = { kind: 'remote-write', url: 'https://example.com/api/v1/write' };

describe('settings that cannot work', () => {
  it.each([
    ['Content-Type', 'is set by the collector'],
    ['content-encoding', 'is set by the collector'],
    ['User-Agent', 'is set by the collector'],
    ['X-Prometheus-Remote-Write-Version', 'is set by the collector'],
    ['Host', 'is set by the collector'],
    ['Authorization', 'use auth for Authorization'],
    ['X-Amz-Date', 'is set by the collector'],
    ['X-Scope-OrgID', 'is set by the collector'],
    ['bad name', 'must be a header name'],
  ])('header %s is refused', (header, reason) => {
    expect(() => remoteWrite.prepare({ ...base, headers: { [header]: 'x' } })).toThrow(reason);
  });

  it.each([
    ['__name__', 'must be a Prometheus label name'],
    ['a-b', 'must be a Prometheus label name'],
    ['collector', 'is the name of the deployment'],
    ['le', 'belongs to histograms and summaries'],
    ['quantile', 'belongs to histograms and summaries'],
  ])('label %s is refused', (label, reason) => {
    expect(() => remoteWrite.prepare({ ...base, labels: { [label]: 'x' } })).toThrow(reason);
  });

  it.each([
    ['a URL without TLS', { url: 'http://example.com/api/v1/write' }],
    ['an unknown version', { version: '3.0' }],
    ['an unknown setting', { remoteTimeout: 5 }],
    ['no series in a request', { seriesPerRequest: 0 }],
  ])('%s is refused', (_, settings) => {
    expect(() => remoteWrite.prepare({ ...base, ...settings })).toThrow(z.ZodError);
  });
});

describe('rights in AWS', () => {
  const amp = 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-123/api/v1/remote_write';

  it('are those to write to the one workspace', () => {
    const { grants } = remoteWrite.prepare({ ...base, url: amp, auth: { sigv4: { region: 'eu-west-1' } } });

    expect(grants([])).toEqual([{ kind: 'aps-remote-write', region: 'eu-west-1', workspaceId: 'ws-123' }]);
  });

  it('are none for other receivers', () => {
    expect(remoteWrite.prepare(base).grants([])).toEqual([]);
  });

  it('include reading every secret that the settings name', () => {
    const { secrets } = remoteWrite.prepare({
      ...base,
      auth: { bearer: { secret: 'a' } },
      tls: { ca: { secret: 'b' } },
      headers: { 'X-Key': { secret: 'c' }, 'X-Env': 'plain' },
    });

    expect(secrets).toEqual([{ secret: 'a' }, { secret: 'b' }, { secret: 'c' }]);
  });
});

describe('the example', () => {
  it('is a configuration that works as it stands', () => {
    const file = 'lambda/sinks/remote-write/example.yaml';
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

    const { sinks } = parseConfig(text, { file, environment: 'lambda' });

    expect(sinks.map(({ name }) => name)).toEqual(['amp', 'grafana-cloud', 'mimir', 'victoria-metrics', 'prometheus']);
  });
});
