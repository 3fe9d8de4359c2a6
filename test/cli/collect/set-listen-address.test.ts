/** Tests of `--listen`, which adds a page to scrape to a configuration, or moves the one that it has. */
import { describe, expect, it } from 'vitest';
import { setListenAddress } from '../../../lambda/cli/collect/set-listen-address.ts';
import { CollectorConfig } from '../../../lambda/config/schema.ts';

function configWith(sinks: readonly object[]): CollectorConfig {
  return CollectorConfig.parse({ sources: [{ kind: 'buildkite', agentTokens: [{ env: 'X' }] }], sinks });
}

describe('--listen', () => {
  it('adds a page beside the other sinks', () => {
    const { sinks } = setListenAddress(configWith([{ kind: 'stdout' }]), '127.0.0.1:9999');

    expect(sinks).toMatchObject([{ kind: 'stdout' }, { kind: 'scrape-page', listen: '127.0.0.1:9999' }]);
  });

  it('moves the page that there is, with its other settings', () => {
    const page = { kind: 'scrape-page', path: '/m', anonymous: 'allow', plaintext: 'allow' };

    const { sinks } = setListenAddress(configWith([page]), '0.0.0.0:9999');

    expect(sinks).toMatchObject([{ ...page, listen: '0.0.0.0:9999' }]);
  });

  it('changes nothing without an address', () => {
    const config = configWith([{ kind: 'scrape-page' }]);

    expect(setListenAddress(config, undefined)).toBe(config);
  });

  it.each([
    ['nowhere', [{ kind: 'stdout' }], /^--listen nowhere: must be ADDRESS:PORT/],
    ['0.0.0.0:9464', [{ kind: 'stdout' }], 'set tls, or plaintext: allow'],
    [
      '127.0.0.1:1',
      [{ kind: 'scrape-page' }, { kind: 'scrape-page', name: 'b', listen: '127.0.0.1:2' }],
      'is for one page, and the configuration has 2',
    ],
  ])('says why %s cannot be used', (listen, sinks, message) => {
    expect(() => setListenAddress(configWith(sinks), listen)).toThrow(message);
    expect(() => setListenAddress(configWith(sinks), listen)).not.toThrow('sinks[');
  });
});
