/** Tests of the configuration of the sink `datadog`. */
import { describe, expect, it } from 'vitest';
import { datadog } from '../../../lambda/sinks/datadog/index.ts';
import { resolveBaseUrl, DatadogConfig } from '../../../lambda/sinks/datadog/config.ts';

function parsed(raw: Readonly<Record<string, unknown>>): DatadogConfig {
  return DatadogConfig.parse({ kind: 'datadog', apiKey: { env: 'KEY' }, ...raw });
}

describe('the settings', () => {
  it.each([
    [{}, 'https://api.datadoghq.com'],
    [{ site: 'datadoghq.eu' }, 'https://api.datadoghq.eu'],
    [{ site: 'us2.ddog-gov.com' }, 'https://api.us2.ddog-gov.com'],
    [{ site: 'datadoghq.eu', url: 'https://proxy.example.com/datadog/' }, 'https://proxy.example.com/datadog'],
  ])('%j send to %s', (raw, url) => {
    expect(resolveBaseUrl(parsed(raw))).toBe(url);
  });

  it.each([
    ['another site', { site: 'datadog.com' }],
    ['a key as text', { apiKey: '0123456789abcdef0123456789abcdef' }],
    ['a URL that anybody can read along', { url: 'http://proxy.example.com' }],
    ['a tag without a value', { tags: { env: '' } }],
    ['a tag that begins with a digit', { tags: { '1st': 'x' } }],
  ])('refuse %s', (_what, raw) => {
    expect(() => parsed(raw)).toThrow();
  });

  it('take a URL without TLS that the operator allows', () => {
    expect(parsed({ url: 'http://proxy.internal', plaintext: 'allow' }).url).toBe('http://proxy.internal');
  });

  it('tell their secrets, and need no rights in AWS', () => {
    const prepared = datadog.prepare({
      kind: 'datadog',
      apiKey: { secret: 'ci/datadog', key: 'apiKey' },
      tls: { ca: { secret: 'ci/ca' } },
    });

    expect(prepared.secrets).toEqual([{ secret: 'ci/datadog', key: 'apiKey' }, { secret: 'ci/ca' }]);
    expect(prepared.grants([])).toEqual([]);
  });
});
