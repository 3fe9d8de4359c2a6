/** What `init` asks for each kind of source and sink, and what it makes of the answers. */
import type { SecretRef } from '../../secrets/secret-ref.ts';

/** Where the collector will run. */
export type Place = 'aws' | 'terminal';

/** An answer: a text, or the place of a secret; undefined for a question that may stay open. */
export interface Answers {
  readonly account?: string | undefined;
  readonly url?: string | undefined;
  readonly token?: SecretRef | undefined;
}

export interface Question {
  readonly about: keyof Answers;
  readonly text: string;
  /** What is taken without an answer; `none`: the question may stay open. */
  readonly byDefault?: string;
}

export interface Kind {
  readonly kind: string;
  readonly summary: string;
  readonly questions: (place: Place) => readonly Question[];
  /** The entry of the configuration. */
  readonly build: (answers: Answers) => Readonly<Record<string, unknown>>;
}

/** Where a token lies by default: a member of a secret in AWS, a variable in a terminal. */
function suggestPlace(place: Place, secret: string, variable: string): string {
  return place === 'aws' ? `secret:ci-metrics/${secret}` : `env:${variable}`;
}

function askToken(place: Place, text: string, secret: string, variable: string): Question {
  return { about: 'token', text, byDefault: suggestPlace(place, secret, variable) };
}

export const sourceKinds: readonly Kind[] = [
  {
    kind: 'buildkite',
    summary: 'queues and agents, by an agent token',
    questions: (place) => [
      askToken(place, 'Where will the agent token of Buildkite lie?', 'buildkite#agentToken', 'BUILDKITE_AGENT_TOKEN'),
    ],
    build: ({ token }) => ({ kind: 'buildkite', agentTokens: [token] }),
  },
  {
    kind: 'bitbucket-pipelines',
    summary: 'runs, steps and runners of a workspace',
    questions: (place) => [
      { about: 'account', text: 'Which workspace of Bitbucket (its slug in the URL)?' },
      askToken(place, 'Where will its access token lie?', 'bitbucket#token', 'BITBUCKET_TOKEN'),
    ],
    build: ({ account, token }) => ({
      kind: 'bitbucket-pipelines',
      workspace: account,
      auth: { accessToken: token },
    }),
  },
  {
    kind: 'chainloop',
    summary: 'attestations of an organization',
    questions: (place) => [
      { about: 'url', text: 'Where is the control plane, as https://cp.example.com?' },
      { about: 'account', text: 'Which organization?' },
      askToken(place, 'Where will its API token lie?', 'chainloop#token', 'CHAINLOOP_TOKEN'),
    ],
    build: ({ url, account, token }) => ({ kind: 'chainloop', url, organization: account, token }),
  },
  {
    kind: 'github-actions',
    summary: 'runs, jobs, queues and runners of an organization',
    questions: (place) => [
      { about: 'account', text: 'Which organization of GitHub (its name in the URL)?' },
      askToken(place, 'Where will its access token lie?', 'github#token', 'GITHUB_TOKEN'),
    ],
    build: ({ account, token }) => ({ kind: 'github-actions', organization: account, auth: { token } }),
  },
  {
    kind: 'prometheus',
    summary: 'any Prometheus page, passed on',
    questions: () => [{ about: 'url', text: 'Which page, as https://exporter.example.com/metrics?' }],
    build: ({ url }) => ({ kind: 'prometheus', targets: [{ url }] }),
  },
  {
    kind: 'tekton',
    summary: 'PipelineRuns and TaskRuns of a cluster on EKS',
    questions: () => [{ about: 'account', text: 'Which cluster of EKS?' }],
    build: ({ account }) => ({ kind: 'tekton', cluster: { eks: { name: account } } }),
  },
];

/** A token of a sink that may have none. */
const openToken: Question = { about: 'token', text: 'Where will its bearer token lie?', byDefault: 'none' };

function buildAuth(token: SecretRef | undefined): Readonly<Record<string, unknown>> {
  return token === undefined ? {} : { auth: { bearer: token } };
}

/** `eu-west-1` of the address of Amazon Managed Prometheus, which is signed with the function's role. */
function findSigningRegion(url: string | undefined): string | undefined {
  return /^https:\/\/aps-workspaces\.([a-z0-9-]+)\.amazonaws\.com/.exec(url ?? '')?.[1];
}

function buildRemoteWrite({ url, token }: Answers): Readonly<Record<string, unknown>> {
  const region = findSigningRegion(url);
  const auth = region === undefined ? buildAuth(token) : { auth: { sigv4: { region } } };
  return { kind: 'remote-write', url, ...auth };
}

export const sinkKinds: readonly Kind[] = [
  {
    kind: 'cloudwatch',
    summary: 'Amazon CloudWatch',
    questions: () => [],
    build: () => ({ kind: 'cloudwatch' }),
  },
  {
    kind: 'remote-write',
    summary: 'Prometheus, Mimir, VictoriaMetrics, Amazon Managed Prometheus',
    questions: () => [
      { about: 'url', text: 'Where is it written to, as https://mimir.example.com/api/v1/push?' },
      openToken,
    ],
    build: buildRemoteWrite,
  },
  {
    kind: 'otlp',
    summary: 'any OpenTelemetry receiver',
    questions: () => [{ about: 'url', text: 'Which receiver, as https://otel.example.com:4318?' }, openToken],
    build: ({ url, token }) => ({ kind: 'otlp', url, ...buildAuth(token) }),
  },
  {
    kind: 'pushgateway',
    summary: 'a Prometheus Pushgateway',
    questions: () => [{ about: 'url', text: 'Which gateway, as https://pushgateway.example.com?' }, openToken],
    build: ({ url, token }) => ({ kind: 'pushgateway', url, ...buildAuth(token) }),
  },
  {
    kind: 'datadog',
    summary: 'Datadog, by its API',
    questions: (place) => [askToken(place, 'Where will the API key of Datadog lie?', 'datadog#apiKey', 'DD_API_KEY')],
    build: ({ token }) => ({ kind: 'datadog', apiKey: token }),
  },
  {
    kind: 'new-relic',
    summary: 'New Relic, by its Metric API',
    questions: (place) => [
      askToken(place, 'Where will the license key of New Relic lie?', 'new-relic#licenseKey', 'NEW_RELIC_LICENSE_KEY'),
    ],
    build: ({ token }) => ({ kind: 'new-relic', apiKey: token }),
  },
  {
    kind: 'scrape-page',
    summary: 'a page that Prometheus scrapes; in a terminal only',
    questions: () => [],
    build: () => ({ kind: 'scrape-page' }),
  },
  {
    kind: 'stdout',
    summary: 'standard output',
    questions: () => [],
    build: () => ({ kind: 'stdout' }),
  },
];
