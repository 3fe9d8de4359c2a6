/** What GitHub has been seen to answer when something is wrong. */
import { badCredentials, type Credential } from './credentials.ts';
import { refuseSecondary } from './limits.ts';
import { makeJsonReply, notFound, refuse, type Reply } from './reply.ts';

/** What an answer of a scenario is made of: the one that would have been given, whose credential it is, the headers of the limit. */
interface Given {
  readonly reply: Reply;
  readonly kind: Credential['kind'];
  readonly told: Readonly<Record<string, string>>;
}

const secondaryText = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

const scenarios = {
  ok: ({ reply }) => reply,
  unauthorized: () => badCredentials,
  hidden: () => notFound,
  outage: () => makeJsonReply(502, { message: 'Server Error' }),
  'secondary-403': ({ told }) => refuseSecondary(403, told),
  'secondary-429': ({ told }) => refuseSecondary(429, told),
  'secondary-without-time': ({ told }) => refuse(403, secondaryText, told),
  'primary-429': ({ told }) => refuse(429, 'API rate limit exceeded.', { ...told, 'x-ratelimit-remaining': '0' }),
  'not-permitted': ({ kind, told }) => refusePermission(kind, 'actions=read', told),
  'address-not-allowed': ({ told }) =>
    refuse(
      403,
      'Although you appear to have the correct authorization credentials, the organization has an IP allow list enabled, and your IP address is not permitted to access this resource.',
      told,
    ),
  'sso-required': ({ told }) =>
    refuse(
      403,
      'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
      { ...told, 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=1' },
    ),
  suspended: ({ told }) => refuse(403, 'This installation has been suspended', told),
  gone: ({ told }) => refuse(410, 'This endpoint has been moved.', told),
  'cut-off': ({ reply }) => ({ ...reply, body: reply.body.slice(0, Math.floor(reply.body.length / 2)) }),
  'web-page': () => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<!DOCTYPE html><title>Unicorn!</title>',
  }),
} as const satisfies Readonly<Record<string, (given: Given) => Reply>>;

export type ScenarioName = keyof typeof scenarios;

/** The answer of a scenario to a request that would have been answered well. */
export function replyByScenario(name: ScenarioName, given: Given): Reply {
  return scenarios[name](given);
}

const whose: Readonly<Record<Credential['kind'], string>> = {
  app: 'Resource not accessible by integration',
  'fine-grained': 'Resource not accessible by personal access token',
  classic: 'Must have admin rights to Repository.',
};

/** `accepted` names what lacks, as the header does: `actions=read`. */
export function refusePermission(
  kind: Credential['kind'],
  accepted: string,
  told: Readonly<Record<string, string>>,
): Reply {
  const names = kind === 'classic' ? {} : { 'x-accepted-github-permissions': accepted };
  return refuse(403, whose[kind], { ...told, ...names });
}
