/** Which hosts the settings take: a name or an address, whose port stands in its own setting. */
import { describe, expect, it } from 'vitest';
import { StatsdConfig } from '../../../lambda/sinks/statsd/config.ts';

function parse(host: string) {
  return StatsdConfig.safeParse({ kind: 'statsd', host });
}

describe('a host', () => {
  it.each(['127.0.0.1', 'statsd', 'statsd.example.com', '::1', 'fe80::1', '::ffff:127.0.0.1'])(
    '%s is taken',
    (host) => {
      expect(parse(host).data?.host).toBe(host);
    },
  );

  it.each(['127.0.0.1:9603', 'statsd.example.com:8125', 'statsd:', '[::1]', '[::1]:8125', ':8125'])(
    '%s is refused',
    (host) => {
      expect(parse(host).error?.issues).toMatchObject([
        { path: ['host'], message: 'must be a host name or an IP address, without a port' },
      ]);
    },
  );
});
