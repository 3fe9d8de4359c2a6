/** Tests which next page of a list is asked for, and that the credential stays with its server. */
import { describe, expect, it } from 'vitest';
import { findNextLink, resolveNextPage } from '../../../lambda/http/answers/paginate.ts';
import { ForbiddenRequestError } from '../../../lambda/http/errors/errors.ts';

describe('the next link', () => {
  it.each([
    ['<https://a.test/x?page=2>; rel="next"', 'https://a.test/x?page=2'],
    ['<https://a.test/x?page=1>; rel="prev", <https://a.test/x?page=3>; rel="next"', 'https://a.test/x?page=3'],
    ['</x?page=2>; title="more"; rel=next', '/x?page=2'],
  ])('of %s', (link, target) => {
    expect(findNextLink({ link })).toBe(target);
  });

  it.each([{}, { link: '' }, { link: '<https://a.test/x?page=1>; rel="last"' }])('is none in %j', (headers) => {
    expect(findNextLink(headers)).toBeUndefined();
  });
});

describe('the next page', () => {
  const current = new URL('https://a.test/x?page=1');

  it.each([
    ['https://a.test/x?page=2', 'https://a.test/x?page=2'],
    ['/x?page=2', 'https://a.test/x?page=2'],
    ['?page=2', 'https://a.test/x?page=2'],
  ])('%s', (next, href) => {
    expect(resolveNextPage(next, current)?.href).toBe(href);
  });

  it.each([undefined, null, ''])('is none where the server names %j', (next) => {
    expect(resolveNextPage(next, current)).toBeUndefined();
  });

  it.each(['https://b.test/x?page=2', 'http://a.test/x', 'https://a.test:8443/x', '//b.test/x', 'https://'])(
    'may not be %s',
    (next) => {
      expect(() => resolveNextPage(next, current)).toThrow(ForbiddenRequestError);
    },
  );
});
