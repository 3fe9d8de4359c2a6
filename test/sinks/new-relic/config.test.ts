/** Tests of the configuration of the sink `new-relic`, and of the addresses that it sends to. */
import { describe, expect, it } from 'vitest';
import { buildAddress, NewRelicConfig } from '../../../lambda/sinks/new-relic/config.ts';

function parse(raw: object) {
  return NewRelicConfig.safeParse({ kind: 'new-relic', apiKey: { env: 'KEY' }, ...raw });
}

function addresses(raw: object): readonly string[] {
  const config = NewRelicConfig.parse({ kind: 'new-relic', apiKey: { env: 'KEY' }, compat: true, account: 42, ...raw });
  return [buildAddress('metrics', config).href, buildAddress('events', config).href];
}

describe('the addresses', () => {
  it.each([
    [{}, 'https://metric-api.newrelic.com/metric/v1', 'https://insights-collector.newrelic.com/v1/accounts/42/events'],
    [
      { region: 'eu' },
      'https://metric-api.eu.newrelic.com/metric/v1',
      'https://insights-collector.eu01.nr-data.net/v1/accounts/42/events',
    ],
    [
      { region: 'fedramp' },
      'https://gov-metric-api.newrelic.com/metric/v1',
      'https://gov-insights-collector.newrelic.com/v1/accounts/42/events',
    ],
    // A slash at the end would be answered 404.
    [
      { url: 'https://proxy.example.com/nr/' },
      'https://proxy.example.com/nr/metric/v1',
      'https://proxy.example.com/nr/v1/accounts/42/events',
    ],
    [
      { url: 'https://a.example.com', eventsUrl: 'https://b.example.com' },
      'https://a.example.com/metric/v1',
      'https://b.example.com/v1/accounts/42/events',
    ],
  ])('of %o are those of its data center, or of a proxy', (raw, metrics, events) => {
    expect(addresses(raw)).toEqual([metrics, events]);
  });
});

describe('the settings', () => {
  it.each([
    ['events without an account', { compat: true }, ['account']],
    ['a key as text', { apiKey: '0123456789abcdef' }, ['apiKey']],
    ['plain HTTP', { url: 'http://proxy.example.com' }, ['url']],
    ['plain HTTP for events', { eventsUrl: 'http://proxy.example.com' }, ['eventsUrl']],
    ['an attribute that New Relic keeps for itself', { attributes: { timestamp: 'x' } }, ['attributes', 'timestamp']],
    ['an attribute with a dash', { attributes: { 'a-b': 'x' } }, ['attributes', 'a-b']],
    [
      'attributes that fill a request',
      { attributes: Object.fromEntries([1, 2, 3].map((n) => [`a${String(n)}`, 'x'.repeat(4000)])) },
      ['attributes'],
    ],
    ['an unknown region', { region: 'mars' }, ['region']],
  ])('refuse %s', (_, raw, path) => {
    expect(parse(raw).error?.issues.map((issue) => issue.path)).toEqual([path]);
  });

  it('take plain HTTP where it is allowed by name', () => {
    expect(parse({ url: 'http://proxy.example.com', plaintext: 'allow' }).success).toBe(true);
  });
});
