/** Tests of which addresses a request may go to: link-local, loopback and private ones. */
import { describe, expect, it } from 'vitest';
import { createCheckedLookup, findAddressRefusal } from '../../../lambda/http/transport/address.ts';
import { ForbiddenRequestError } from '../../../lambda/http/errors/errors.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { errorOf, get, testPort } from '../test-port.ts';

describe('refusalOf', () => {
  it.each([
    '169.254.169.254',
    '169.254.170.23',
    '169.254.0.1',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    'fd00:ec2::23',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
  ])('always refuses %s', (address) => {
    expect(findAddressRefusal(address, 'allow')).toContain('link-local or cloud metadata');
    expect(findAddressRefusal(address, 'refuse')).toContain('link-local or cloud metadata');
  });

  it.each(['127.0.0.1', '127.255.0.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1'])(
    'refuses %s only where loopback is refused',
    (address) => {
      expect(findAddressRefusal(address, 'allow')).toBeUndefined();
      expect(findAddressRefusal(address, 'refuse')).toContain('an address of this machine');
    },
  );

  it.each(['10.0.0.1', '192.168.1.1', '169.253.255.255', '169.255.0.0', '52.1.2.3', 'fd00::1', '2600:1f18::1'])(
    'lets %s pass: private networks hold Pushgateways',
    (address) => {
      expect(findAddressRefusal(address, 'refuse')).toBeUndefined();
    },
  );
});

describe('a request', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/latest/',
    'http://[::ffff:169.254.169.254]/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
    'http://169.254.43518/',
  ])('to %s is not sent', async (url) => {
    await using http = testPort();

    const error = await errorOf(http.port.send(get(url)));

    expect(error).toBeInstanceOf(ForbiddenRequestError);
    expect(describeHttpProblem(error, 'x')).toMatchObject({ kind: 'configuration' });
  });

  it.each(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::ffff:127.0.0.1]', '127.1', '2130706433'])(
    'to %s is not sent where loopback is refused',
    async (host) => {
      await using server = await startLoopbackServer((_request, response) => response.end());
      await using http = testPort({ loopback: 'refuse' });

      const error = await errorOf(http.port.send(get(`http://${host}:${String(server.port)}/`)));

      expect(error).toBeInstanceOf(ForbiddenRequestError);
      expect(server.connections()).toBe(0);
    },
  );

  it('is not repeated when it is forbidden', async () => {
    await using http = testPort({ loopback: 'refuse' });

    await errorOf(http.port.send(get('http://localhost:1/')));

    expect(http.log.lines).toHaveLength(1);
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd'])('to %s is not sent', async (url) => {
    await using http = testPort();

    expect(await errorOf(http.port.send(get(url)))).toBeInstanceOf(ForbiddenRequestError);
  });

  it('with a password in its URL is not sent, and the password not shown', async () => {
    await using http = testPort();

    const error = await errorOf(http.port.send(get('http://user:canary-7f3a@127.0.0.1:1/')));

    expect(error).toBeInstanceOf(ForbiddenRequestError);
    expect(String(error)).not.toContain('canary');
  });
});

type Found = { readonly error: Error | null; readonly address: unknown };

function lookUp(addresses: readonly string[], options: object, policy: 'allow' | 'refuse' = 'refuse'): Promise<Found> {
  const lookup = createCheckedLookup(policy, (_hostname, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  });
  return new Promise((resolve) => {
    lookup('name.test', options, (error, address) => {
      resolve({ error, address });
    });
  });
}

describe('checkedLookup', () => {
  it('hands over exactly the addresses that it has checked', async () => {
    const all = await lookUp(['10.0.0.1', '2600:1f18::1'], { all: true });
    const one = await lookUp(['10.0.0.1', '2600:1f18::1'], {});

    expect(all).toEqual({
      error: null,
      address: [
        { address: '10.0.0.1', family: 4 },
        { address: '2600:1f18::1', family: 6 },
      ],
    });
    expect(one).toEqual({ error: null, address: '10.0.0.1' });
  });

  it.each([[['169.254.169.254']], [['10.0.0.1', '169.254.169.254']], [['10.0.0.1', '127.0.0.1']]])(
    'refuses a name that leads to %j',
    async (addresses) => {
      const { error } = await lookUp(addresses, { all: true });

      expect(error?.name).toBe('ForbiddenAddressError');
    },
  );

  it('says that a name without addresses is not found', async () => {
    const { error } = await lookUp([], { all: true });

    expect(error).toMatchObject({ code: 'ENOTFOUND' });
  });
});
