/** Which hosts the settings take: a name or an address, whose port stands in its own setting. */
import { describe, expect, it } from 'vitest';
import { StatsdConfig } from '../../../lambda/sinks/statsd/config.ts';

function parse(host: string) {
  return StatsdConfig.safeParse({ kind: 'statsd', host });
}

describe('a host', () => {
  it.each(['127.0.0.1', 'statsd', 'statsd.example.com', '::1', '2001:db8::1', '::ffff:127.0.0.1'])(
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

  it.each(['169.254.169.254', '169.254.43518', '0xa9fea9fe', 'fe80::1', '::ffff:169.254.169.254', 'fd00:ec2::254'])(
    '%s is refused, for nothing is ever sent to cloud metadata',
    (host) => {
      const issues = parse(host).error?.issues ?? [];

      expect(issues).toMatchObject([{ path: ['host'] }]);
      expect(issues[0]?.message).toMatch(/is a link-local or cloud metadata address, to which nothing is ever sent/);
    },
  );
});
