/** Tests of the settings that are GitHub's own: the address of each kind of GitHub, and who the collector is to it. */
import { describe, expect, it } from 'vitest';
import { GithubActionsConfig } from '../../../lambda/sources/github-actions/config.ts';

const usual = { kind: 'github-actions', organization: 'acme', auth: { token: { env: 'TOKEN' } } };

function messagesOf(change: object): readonly string[] {
  return GithubActionsConfig.safeParse({ ...usual, ...change }).error?.issues.map(({ message }) => message) ?? [];
}

describe('the endpoint', () => {
  it.each([
    'https://api.github.com',
    'https://api.octocorp.ghe.com',
    'https://api.octocorp.ghe.com/',
    'https://github.example.com/api/v3',
    'https://github.example.com/api/v3/',
  ])('may be %s', (endpoint) => {
    expect(messagesOf({ endpoint })).toEqual([]);
  });

  it.each([
    ['https://github.com', 'is the web page; the API is at https://api.github.com'],
    ['https://octocorp.ghe.com', 'is the web page; the API is at https://api.octocorp.ghe.com'],
    ['https://api.octocorp.ghe.com/api/v3', 'must have no path: with data residency the API is at the host itself'],
    ['http://github.example.com/api/v3', 'must be an https:// URL, or the token travels readable'],
  ])('may not be %s', (endpoint, message) => {
    expect(messagesOf({ endpoint })).toContain(message);
  });
});

describe('what Enterprise Server does not have', () => {
  it.each(['https://github.example.com/api/v3', 'https://github.example.com/api/v3/'])(
    'is refused at %s',
    (endpoint) => {
      const message = 'must be `leave` here: Enterprise Server has neither runners of GitHub nor a bill for them';

      expect(messagesOf({ endpoint, hostedRunners: 'read' })).toEqual([message]);
      expect(messagesOf({ endpoint, billing: 'read' })).toEqual([message]);
    },
  );
});

describe('the credential', () => {
  it('is either an App or a token', () => {
    const app = { id: 'Iv23liQ0r4ExAmPlE7aB', privateKey: { env: 'KEY' } };

    expect(messagesOf({ auth: { app } })).toEqual([]);
    expect(messagesOf({ auth: { app: { ...app, id: '12345' } } })).toEqual([]);
    expect(messagesOf({ auth: { app, token: { env: 'TOKEN' } } })).not.toEqual([]);
    expect(messagesOf({ auth: { app: { ...app, id: 'my app' } } })).not.toEqual([]);
  });
});
