/** Tests of removing known secrets from texts and errors, in every encoding. */
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createRedactor, findWeakness } from '../../../lambda/secrets/redaction/redactor.ts';
import { wrapSecret } from '../../../lambda/secrets/secret.ts';
import { canaries, canariesIn, expectNoCanary } from '../../support/canary.ts';

function knowing(...values: readonly string[]): ReturnType<typeof createRedactor> {
  const redactor = createRedactor();
  for (const value of values) redactor.remember(value);
  return redactor;
}

function percentEncode(text: string): string {
  return Buffer.from(text).toString('hex').replace(/../g, '%$&');
}

function jsonEncode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** No encoding leaves the sign as it is that its own escapes begin with. */
function writeCharacter(sign: string, way: number): string {
  if (way === 1) return percentEncode(sign);
  if (way === 2) return sign.replace(/[^]/g, jsonEncode);
  if (way === 3) return `&#${String(sign.codePointAt(0))};`;
  if (way === 4) return `&#x${(sign.codePointAt(0) ?? 0).toString(16)};`;
  return /[%\\&]/.test(sign) ? percentEncode(sign) : sign;
}

function isSecret(text: string): boolean {
  return text === text.trim() && findWeakness(text) === undefined;
}

describe('a text', () => {
  it.each([
    ['as it is', 'token s3cr3t-value!', 'token [redacted]'],
    ['several times', 's3cr3t-value!s3cr3t-value!', '[redacted][redacted]'],
    ['in a header of basic authentication', `Basic ${btoa('user:s3cr3t-value!')}`, 'Basic dXNlcjp[redacted]'],
    ['in a URL', `https://host/?t=${encodeURIComponent('s3cr3t-value!')}&x=1`, 'https://host/?t=[redacted]&x=1'],
    ['cut off at the end', 'the answer was: s3cr3t-val', 'the answer was: [redacted]'],
  ])('loses a value that is in it %s', (_, text, expected) => {
    expect(knowing('s3cr3t-value!').redactText(text)).toBe(expected);
  });

  it.each([
    ['between spaces', 'the pin is pin7', 'the pin is [redacted]'],
    ['between signs', 'pin=pin7&x', 'pin=[redacted]&x'],
    ['inside a word', 'spin77 pin7a', 'spin77 pin7a'],
  ])('loses a short value only where it stands alone: %s', (_, text, expected) => {
    expect(knowing('pin7').redactText(text)).toBe(expected);
  });

  it('loses the longer of two values that overlap as a whole', () => {
    expect(knowing('token-1', 'token-1-and-more').redactText('x token-1-and-more')).toBe('x [redacted]');
  });

  it('loses each line of a PEM text, but not its public frame', () => {
    const redactor = knowing(canaries.pem);

    const text = redactor.redactText('line Y2FuYXJ5LXBlbS1saW5lLXR3by0wOTg3NjU0MzIx of -----BEGIN PRIVATE KEY-----');

    expect(text).toBe('line [redacted] of -----BEGIN PRIVATE KEY-----');
  });

  it('stays as it is when no secret is known, or an empty one', () => {
    expect(createRedactor().redactText('text')).toBe('text');
    expect(knowing('').redactText('text')).toBe('text');
  });

  it('takes the signs of regular expressions for themselves', () => {
    expect(knowing('a.b*c(d[e').redactText('aXbbc(d[e a.b*c(d[e')).toBe('aXbbc(d[e [redacted]');
  });

  it('loses any value of six characters or more in every encoding that the collector or a server uses', () => {
    const value = fc
      .string({ minLength: 6, maxLength: 60, unit: 'grapheme' })
      .filter((text) => text.trim().length >= 6);
    const around = fc.string({ maxLength: 20 });
    const encode = fc.constantFrom<(value: string) => string>(
      (text) => text,
      (text) => JSON.stringify(text),
      (text) => JSON.stringify({ line: JSON.stringify({ text }) }),
      encodeURIComponent,
      (text) => new URLSearchParams({ text }).toString(),
    );

    fc.assert(
      fc.property(value, around, around, encode, (secret, before, after, encoded) => {
        const text = knowing(secret).redactText(before + encoded(secret) + after);
        return !text.includes(encoded(secret)) && !text.includes(secret);
      }),
    );
  });

  it('loses a value that is encoded twice, as a pair of basic authentication is that is echoed in a URL', () => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const encodings = fc.constantFrom<(value: string) => string>(
      encodeURIComponent,
      base64,
      (text) => base64(`user:${text}`),
      (text) => Buffer.from(`user:${text}`).toString('base64url'),
      (text) => JSON.stringify(text).slice(1, -1),
      (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
    );
    const value = fc.stringMatching(/^[!-~]{12,60}$/);

    fc.assert(
      fc.property(value, encodings, encodings, (secret, inner, outer) => {
        const encoded = outer(inner(secret));
        const rest = knowing(secret).redactText(`it said ${encoded} to us`);
        // What depends on a neighbour may stay: the user name and a character or two, each encoded again.
        const kept = rest.replace('it said ', '').replace(' to us', '').replaceAll('[redacted]', '');
        expect(rest).toContain('[redacted]');
        expect(kept.length).toBeLessThanOrEqual(36);
      }),
    );
  });

  it.each<readonly [string, (value: string) => string]>([
    ['percent-encoded as RFC 3986 has it', (text) => encodeURIComponent(text).replace(/[!'()*]/g, percentEncode)],
    ['percent-encoded with small digits', (text) => encodeURIComponent(text).replace(/%../g, (at) => at.toLowerCase())],
    ['with all but letters and digits encoded', (text) => text.replace(/[^A-Za-z0-9]/gu, percentEncode)],
    ['with each byte encoded', (text) => percentEncode(text)],
    ['as a field of a form', (text) => new URLSearchParams({ text }).toString().slice('text='.length)],
    ['in a whole URL', encodeURI],
    ['with each character as in JSON', (text) => text.replace(/[^]/g, jsonEncode)],
    ['as Go writes JSON', (text) => JSON.stringify(text).slice(1, -1).replace(/[<>&]/g, jsonEncode)],
    ['in a page', (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;')],
    ['percent-encoded twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ])('loses a value %s', (_, encode) => {
    const secret = 'bk!\'()*_-.~ &<ü😀"\\/+=token%41';

    expect(knowing(secret).redactText(`before ${encode(secret)} after`)).toBe('before [redacted] after');
  });

  it('loses base64 that is broken into lines', () => {
    const secret = 's3cr3t-value-'.repeat(12);
    const lines = Buffer.from(secret).toString('base64').replace(/.{76}/g, '$&\r\n');

    expect(knowing(secret).redactText(`before\n${lines}\nafter`)).toMatch(/^before\n\[redacted\]=?\r?\nafter$/);
  });

  it('loses hexadecimal digits in either case', () => {
    const redactor = createRedactor();
    redactor.rememberPassing('0123456789abcdef0123');

    expect(redactor.redactText('Signature=0123456789ABCDEF0123,')).toBe('Signature=[redacted],');
  });

  it.each([
    '%62%6b%74%6f%6b%65%6e%2d%2',
    '%62%6b%74%6f%6b%65%6e%2d%C3',
    String.raw`\u0062ktoken-\u00f`,
    'bktoken&#45;&#25',
    '%62ktoken-\u2026',
  ])('loses an encoded value that is cut off in the middle: %s', (text) => {
    expect(knowing('bktoken-üüüü-1').redactText(`x=${text}`)).toMatch(/^x=\[redacted\]\u2026?$/);
  });

  it('loses a value whose characters are each written in another way, and nothing else', () => {
    const character = fc.constantFrom(...Array.from('abcXYZ0189 !\'"()*+,-./:;<=>?@[\\]^_`{|}~%&$#üß€😀'));
    const written = fc.tuple(character, fc.nat({ max: 4 }));
    const secrets = fc
      .array(written, { minLength: 8, maxLength: 40 })
      .filter((mix) => isSecret(mix.map(([sign]) => sign).join('')));

    fc.assert(
      fc.property(secrets, (mix) => {
        const secret = mix.map(([sign]) => sign).join('');
        const text = mix.map(([sign, way]) => writeCharacter(sign, way)).join('');
        expect(knowing(secret).redactText(`{"a":"é%20${text}é%20\\n&amp;"}`)).toBe(
          '{"a":"é%20[redacted]é%20\\n&amp;"}',
        );
      }),
    );
  });

  it('finds a value after a hundred thousand escapes', () => {
    const redactor = knowing('s3cr3t-value!');
    const text = '%5c\\u0026&amp;'.repeat(20_000);

    expect(redactor.redactText(`${text}%73%33cr3t-value!`)).toBe(`${text}[redacted]`);
  });

  it('forgets the oldest forms of forms first, and keeps the value', () => {
    const twice = (text: string): string => btoa(encodeURIComponent(`${text}/+`));
    const values = Array.from({ length: 101 }, (_, index) => `s3cr3t-value-${String(index).padStart(4, '0')}/+`);
    const redactor = knowing(...values);

    expect(redactor.redactText(twice('s3cr3t-value-0001'))).toContain('[redacted]');
    expect(redactor.redactText(twice('s3cr3t-value-0000'))).toBe(twice('s3cr3t-value-0000'));
    expect(redactor.redactText('s3cr3t-value-0000/+')).toBe('[redacted]');
  });

  it('loses a value that is base64 together with what stands before and after it', () => {
    const value = fc.string({ minLength: 12, maxLength: 60 });

    fc.assert(
      fc.property(value, fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }), (secret, before, after) => {
        const encoded = Buffer.from(`${before}${secret}${after}`).toString('base64');
        const rest = knowing(secret).redactText(encoded);
        // At most one character of four at either end depends on a neighbour; the middle must be gone.
        const middle = Buffer.from(secret).toString('base64').slice(4, -4);
        return rest.includes('[redacted]') && (middle.length < 8 || !rest.includes(middle));
      }),
    );
  });
});

describe('a value', () => {
  it('loses secrets in every corner', () => {
    const redactor = knowing(...Object.values(canaries));
    const { token, json, pem } = canaries;
    const error = new Error(`failed with ${token}`, {
      cause: new AggregateError([new TypeError(json), pem], `inner ${token}`, { cause: { deep: [token] } }),
    });
    const everything = {
      error: Object.assign(error, {
        code: token,
        response: { headers: new Headers({ 'x-echo': encodeURIComponent(token) }) },
      }),
      list: [token, [json]],
      map: new Map([[token, json]]),
      set: new Set([pem]),
      url: new URL(`https://user:${encodeURIComponent(token)}@host/${encodeURIComponent(token)}`),
      [token]: 'as a key',
      text: JSON.stringify({ token, json, pem }),
      short: `code ${canaries.short}.`,
      symbol: Symbol(token),
      bytes: Buffer.from(token),
      toJSON: undefined,
    };

    const copy = redactor.redactValue(everything);

    expect(canariesIn(everything).length).toBeGreaterThan(10);
    expectNoCanary([copy, JSON.stringify(copy), inspect(copy, { depth: Infinity })]);
  });

  it('keeps what is no secret', () => {
    const redactor = knowing(canaries.token);
    const at = new Date(0);

    const copy = redactor.redactValue({
      n: 1,
      nan: Number.NaN,
      big: 1n,
      yes: true,
      no: null,
      nothing: undefined,
      at,
      list: ['a'],
    });

    expect(copy).toEqual({
      n: 1,
      nan: 'NaN',
      big: '1',
      yes: true,
      no: null,
      nothing: undefined,
      at: '1970-01-01T00:00:00.000Z',
      list: ['a'],
    });
  });

  it('keeps name, message, stack, code and causes of an error', () => {
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'ECONNRESET' });

    const copy = createRedactor().redactValue(error);

    expect(copy).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      code: 'ECONNRESET',
      stack: expect.stringContaining('redactor.test.ts') as string,
      cause: { name: 'Error', message: 'inner' },
    });
  });

  it('hides fields that hold credentials by their name, although nobody remembered them', () => {
    const copy = createRedactor().redactValue({
      headers: { Authorization: 'Bearer x', 'Set-Cookie': ['a'], accept: '*/*' },
    });

    expect(copy).toEqual({ headers: { Authorization: '[redacted]', 'Set-Cookie': '[redacted]', accept: '*/*' } });
  });

  it('shows a secret that was logged by mistake as such', () => {
    expect(createRedactor().redactValue({ token: wrapSecret('value') })).toEqual({ token: '[secret]' });
  });

  it('ends at circles, and shows what merely occurs twice twice', () => {
    const twice = { a: 1 };
    const circle: Record<string, unknown> = { twice, again: twice };
    circle['self'] = circle;
    const error = new Error('circle');
    error.cause = error;

    expect(createRedactor().redactValue(circle)).toEqual({ twice: { a: 1 }, again: { a: 1 }, self: '[circular]' });
    expect(createRedactor().redactValue(error)).toMatchObject({ cause: '[circular]' });
  });

  it('ends at hostile objects', () => {
    const throwing = {
      get broken(): never {
        throw new Error(canaries.token);
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error(canaries.token);
        },
      },
    );

    expect(createRedactor().redactValue({ throwing, proxy, run: () => 1 })).toEqual({
      throwing: '[unreadable]',
      proxy: '[unreadable]',
      run: '[function]',
    });
  });

  it('is bounded in depth, breadth and text', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 1000; level += 1) deep = { deep };
    const wide = Array.from({ length: 100_000 }, (_, index) => ({ index }));
    const bush = Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => ({ a: 1 })));

    const copies = [deep, wide, bush, 'x'.repeat(10_000_000)].map((value) => createRedactor().redactValue(value));

    for (const copy of copies) expect(JSON.stringify(copy).length).toBeLessThan(100_000);
  });

  it('never throws and never lets a remembered value through, whatever the value is', () => {
    const token = 'zq-token-zq';
    const anything = fc.anything({
      withDate: true,
      withMap: true,
      withSet: true,
      withBigInt: true,
      withNullPrototype: true,
    });

    fc.assert(
      fc.property(anything, (value) => {
        const copy = knowing(token).redactValue({ value, with: [token, { [token]: value }] });
        return !inspect(copy, { depth: Infinity }).includes(token);
      }),
    );
  });
});

describe('a process that runs for months', () => {
  it('forgets the oldest of a thousand values, so that a line stays quick to clean', () => {
    const redactor = createRedactor();
    for (let index = 0; index <= 1000; index += 1) redactor.remember(`rotated-${String(index)}-value`);

    expect(redactor.redactText('rotated-0-value rotated-1-value rotated-1000-value')).toBe(
      'rotated-0-value [redacted] [redacted]',
    );
  });
});
