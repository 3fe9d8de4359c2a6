/** Sends what Buildkite's own webhooks send of each job that ends, signed or with the token as it is. */
import { createHmac } from 'node:crypto';
import type { Clock } from '../../../runtime/clock.ts';
import type { QueueAddress, SimulatedBuild, SimulatedJob } from './fleet/build-record.ts';

export interface WebhookOptions {
  /** Where deliveries are posted to. */
  readonly url: string;
  readonly organization: string;
  readonly token: string;
  /** The setting of the notification service: which header proves the sender. */
  readonly proof: 'signature' | 'token';
  readonly clock: Clock;
}

export interface WebhookSender {
  /** Posts `job.finished`; resolves with the status of the answer. Nothing is sent again, as with Buildkite. */
  sendJobFinished(job: SimulatedJob, at: QueueAddress): Promise<number>;
  /** What Buildkite sends when the settings of a webhook were changed. */
  sendPing(): Promise<number>;
}

export function createWebhookSender(options: WebhookOptions): WebhookSender {
  const { organization } = options;
  return {
    sendJobFinished: (job, at) => post('job.finished', buildJobFinished(job, at, organization), options),
    sendPing: () =>
      post('ping', { event: 'ping', service: { provider: 'webhook' }, organization: { slug: organization } }, options),
  };
}

async function post(event: string, content: object, { url, token, proof, clock }: WebhookOptions): Promise<number> {
  const body = JSON.stringify(content);
  const { status } = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-buildkite-event': event,
      ...makeProof(body, { token, proof, clock }),
    },
    body,
  });
  return status;
}

/** One of both headers, never both (Buildkite docs, "HTTP headers"). */
function makeProof(
  body: string,
  { token, proof, clock }: Pick<WebhookOptions, 'token' | 'proof' | 'clock'>,
): Readonly<Record<string, string>> {
  if (proof === 'token') return { 'x-buildkite-token': token };
  const timestamp = String(Math.floor(clock() / 1000));
  const signature = createHmac('sha256', token).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-buildkite-signature': `timestamp=${timestamp},signature=${signature}` };
}

function buildJobFinished(job: SimulatedJob, at: QueueAddress, organization: string): object {
  const { build } = job;
  const pipelineUrl = `https://api.buildkite.com/v2/organizations/${organization}/pipelines/${build.pipeline}`;
  return {
    event: 'job.finished',
    job: mapJob(job, at),
    build: mapBuild(build, at, pipelineUrl),
    pipeline: { id: `pipeline-${build.pipeline}`, url: pipelineUrl, slug: build.pipeline, name: build.pipeline },
    sender: { id: '00000000-0000-4000-8000-000000000002', name: 'Somebody' },
  };
}

function mapJob(job: SimulatedJob, at: QueueAddress): object {
  return {
    id: job.uuid,
    type: 'script',
    name: job.name,
    state: job.state,
    exit_status: job.exitStatus ?? null,
    signal_reason: null,
    soft_failed: job.isSoftFailed === true,
    agent_query_rules: [`queue=${at.queue}`],
    runnable_at: formatTime(at, job.runnableAt),
    started_at: formatTime(at, job.startedAt),
    finished_at: formatTime(at, job.finishedAt),
  };
}

/** Without its jobs, as the documentation says. */
function mapBuild(build: SimulatedBuild, at: QueueAddress, pipelineUrl: string): object {
  const { uuid, number, state, branch, commit, createdAt, startedAt } = build;
  return {
    id: uuid,
    number,
    url: `${pipelineUrl}/builds/${String(number)}`,
    state,
    branch,
    commit,
    created_at: formatTime(at, createdAt),
    started_at: formatTime(at, startedAt),
  };
}

/** Webhooks write times without fractions: `2019-08-11 06:01:16 UTC`. */
function formatTime(at: QueueAddress, second: number | undefined): string | null {
  if (second === undefined) return null;
  return new Date(at.convertToMs(second))
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
