/** Tests of the path that names a group of the Pushgateway by its labels. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GroupingKey, formatGroupingPath } from '../../../lambda/sinks/pushgateway/encode/grouping-path.ts';

/**
 * Reads a path as the Pushgateway does (handler/misc.go, `splitLabels`): decode the percent signs, split at slashes,
 * take pairs, and decode base64url with or without padding where the name says so.
 */
function keyOf(path: string): GroupingKey {
  // What an HTTP client makes of the path before it is sent.
  const sent = new URL(path, 'http://gateway.example.com').pathname;
  const [metrics, ...components] = decodeURIComponent(sent).slice(1).split('/');
  expect(metrics).toBe('metrics');
  expect(components.length % 2).toBe(0);
  const pairs: [string, string][] = [];
  for (let at = 0; at < components.length; at += 2) {
    const [name = '', value = ''] = components.slice(at, at + 2);
    const suffix = '@base64';
    if (!name.endsWith(suffix)) {
      // The router does not see an empty segment.
      expect(value).not.toBe('');
      pairs.push([name, value]);
    } else {
      expect(value).toMatch(/^[A-Za-z0-9_-]*=*$/);
      const standard = value.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
      pairs.push([name.slice(0, -suffix.length), Buffer.from(standard, 'base64').toString('utf8')]);
    }
  }
  return Object.fromEntries(pairs);
}

describe('the path of a group', () => {
  it.each([
    [{ job: 'ci' }, '/metrics/job/ci'],
    [{ job: 'ci', env: 'prod', source: 'main' }, '/metrics/job/ci/env/prod/source/main'],
    [{ job: 'ci/m' }, '/metrics/job@base64/Y2kvbQ'],
    [{ job: 'ci', env: '' }, '/metrics/job/ci/env@base64/='],
    [{ job: 'a b' }, '/metrics/job@base64/YSBi'],
    [{ job: 'ä' }, '/metrics/job@base64/w6Q'],
    [{ job: '..', env: '.' }, '/metrics/job@base64/Li4/env@base64/Lg'],
    [{ job: '...' }, '/metrics/job/...'],
    [{ job: '>>>???' }, '/metrics/job@base64/Pj4-Pz8_'],
    [{ env: 'prod', job: 'last' }, '/metrics/job/last/env/prod'],
  ])('of %j is %s', (key, path) => {
    expect(formatGroupingPath(key)).toBe(path);
  });

  it('leads back to its labels, whatever their values', () => {
    const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/).filter((text) => text !== 'job');
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom('', '.', '..', '/', '%2F', '%', '=', '@base64', 'a/b', '~', ' ', '+', '?a#b', '\n'),
    );

    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        value.filter((text) => text !== ''),
        (labels, job) => {
          const key = { job, ...labels };

          expect(keyOf(formatGroupingPath(key))).toEqual(key);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
