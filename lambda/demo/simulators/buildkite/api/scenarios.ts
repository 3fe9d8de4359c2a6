/** The answers of the simulated agent API when something is wrong. */
import type { MetricsAnswer } from './agent-api.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Seconds until a limited token may ask again. */
const rateLimitResetSeconds = 30;

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };
const htmlHeaders = { 'content-type': 'text/html; charset=utf-8' };

function makeErrorReply(status: number, message: string): Reply {
  return { status, headers: jsonHeaders, body: JSON.stringify({ message }) };
}

type Scenario = (answer: MetricsAnswer, pollSeconds: number) => Reply | undefined;

/** How the server answers one token. All but `ok` are faults that the agent API, or something before it, has shown. */
const scenarios = {
  ok: makeOkReply,
  unauthorized: () => unauthorized,
  'unauthorized-html': () => makeHtmlReply(401, 'Unauthorized'),
  'not-found': () => notFound,
  'rate-limited': () => makeRateLimitedReply(),
  'server-error': () => makeHtmlReply(500, 'Internal Server Error'),
  'no-organization': (answer, pollSeconds) => makeOkReply({ ...answer, organization: undefined }, pollSeconds),
  truncated: (answer, pollSeconds) => {
    const whole = makeOkReply(answer, pollSeconds);
    return { ...whole, body: whole.body.slice(0, Math.floor(whole.body.length / 2)) };
  },
  redirect: () => ({ status: 302, headers: { location: 'https://buildkite.invalid/login' }, body: '' }),
  hang: () => undefined,
  'jobs-only-queue': (answer, pollSeconds) => makeOkReply(addOneJob('jobs-only', answer), pollSeconds),
  'empty-queue-key': (answer, pollSeconds) => makeOkReply(addOneJob('', answer), pollSeconds),
  'no-cluster': (answer, pollSeconds) => makeOkReply({ ...answer, cluster: undefined }, pollSeconds),
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

/** Undefined: no answer at all. `pollSeconds` is the least time between two polls. */
export function replyByScenario(name: ScenarioName, answer: MetricsAnswer, pollSeconds: number): Reply | undefined {
  const scenario: Scenario = scenarios[name];
  return scenario(answer, pollSeconds);
}

export const unauthorized: Reply = makeErrorReply(401, 'Invalid access token');
export const notFound: Reply = makeErrorReply(404, 'Not found');

export function makeOkReply(body: unknown, pollSeconds: number): Reply {
  const headers = { ...jsonHeaders, 'buildkite-agent-metrics-poll-duration': String(pollSeconds) };
  return { status: 200, headers, body: JSON.stringify(body) };
}

function makeHtmlReply(status: number, title: string): Reply {
  return { status, headers: htmlHeaders, body: `<!DOCTYPE html><html><head><title>${title}</title></head></html>` };
}

function makeRateLimitedReply(): Reply {
  const reset = rateLimitResetSeconds;
  return {
    status: 429,
    headers: { ...jsonHeaders, 'ratelimit-limit': '60', 'ratelimit-remaining': '0', 'ratelimit-reset': String(reset) },
    body: JSON.stringify({ message: 'Rate limit exceeded', scope: 'agent', limit: 60, current: 61, reset }),
  };
}

const oneJob = { scheduled: 1, running: 0, waiting: 0, total: 1 } as const;

/** A queue without an agent entry; the totals follow, so that they still are the sum of the queues. */
function addOneJob(queue: string, { jobs, ...rest }: MetricsAnswer): MetricsAnswer {
  const { scheduled, total, queues } = jobs;
  return {
    ...rest,
    jobs: { ...jobs, scheduled: scheduled + 1, total: total + 1, queues: { ...queues, [queue]: oneJob } },
  };
}
