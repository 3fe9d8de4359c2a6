/** Sends what the App's webhook sends of runs and jobs, signed; some deliveries are lost, late, repeated or out of order. */
import { createHmac } from 'node:crypto';
import { drawBetween, type Random } from '../random.ts';
import { type AnswerContext, formatTime, mapJob, mapRepository, mapRun, mapWorkflow } from './api/answers.ts';
import { mapUser, somebody } from './api/links.ts';
import { findRunMoment } from './organization/moments.ts';
import type { Happening } from './organization/records.ts';
import { minuteMs } from '../../../model/time.ts';

/** How often deliveries go wrong, of one. GitHub never sends again by itself. */
export interface DeliveryManners {
  readonly lost: number;
  /** A redelivery by hand: the same identity again. */
  readonly repeated: number;
  readonly late: number;
  /** Each waits so long at most, so that neighbours change places. Milliseconds. */
  readonly shuffledMs: number;
  /** A late one comes after so long at most. Milliseconds. */
  readonly lateMs: number;
}

export const politeDeliveries: DeliveryManners = { lost: 0, repeated: 0, late: 0, shuffledMs: 0, lateMs: 0 };
export const rudeDeliveries: DeliveryManners = {
  ...{ lost: 0.05, repeated: 0.03, late: 0.05, shuffledMs: 3000, lateMs: 20 * minuteMs },
};

export interface Delivery {
  /** When it arrives. Epoch milliseconds. */
  readonly atMs: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookOptions {
  readonly secret: string;
  readonly context: AnswerContext;
  readonly random: Random;
  readonly manners?: DeliveryManners;
}

export interface Webhooks {
  /** Takes note of what has happened; for the `observe` of an organization. */
  readonly observe: (happening: Happening) => void;
  /** Deliveries that have arrived by then and were not taken yet, in the order of their arrival. */
  takeUntil(nowMs: number): readonly Delivery[];
  /** As the App's list of deliveries shows what could not be delivered, newest first. */
  listLost(): readonly object[];
}

interface Planned {
  readonly atMs: number;
  readonly guid: string;
  readonly happening: Happening;
}

export function createWebhooks({ secret, context, random, manners = politeDeliveries }: WebhookOptions): Webhooks {
  let planned: Planned[] = [];
  const lost: object[] = [];
  let count = 0;
  return {
    observe: (happening) => {
      count += 1;
      const guid = formatGuid(count);
      // Each draws as often, whatever becomes of it.
      const [loses, repeats, delays] = [random(), random(), random()];
      const offMs = drawBetween(random, 0, manners.shuffledMs);
      const lateMs = delays < manners.late ? drawBetween(random, 0, manners.lateMs) : 0;
      if (loses < manners.lost) {
        lost.push(mapLost(happening, guid, count));
        return;
      }
      const atMs = happening.atMs + offMs + lateMs;
      planned.push({ atMs, guid, happening });
      if (repeats < manners.repeated) planned.push({ atMs: atMs + drawBetween(random, 1, minuteMs), guid, happening });
    },
    takeUntil: (nowMs) => {
      const due = planned.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
      planned = planned.filter(({ atMs }) => atMs > nowMs);
      return due.map((one) => makeDelivery(one, secret, context));
    },
    listLost: () => lost.toReversed(),
  };
}

/** Posts them as GitHub does; resolves with the statuses of the answers. */
export async function postDeliveries(url: string, deliveries: readonly Delivery[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const { headers, body } of deliveries) {
    const { status } = await fetch(url, { method: 'POST', headers, body });
    statuses.push(status);
  }
  return statuses;
}

function makeDelivery({ atMs, guid, happening }: Planned, secret: string, context: AnswerContext): Delivery {
  const body = JSON.stringify(buildPayload(happening, context));
  const name = happening.job === undefined ? 'workflow_run' : 'workflow_job';
  return { atMs, headers: { ...makeHeaders(name, guid), ...signBody(body, secret) }, body };
}

function makeHeaders(event: string, guid: string): Readonly<Record<string, string>> {
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/044aadd',
    'x-github-delivery': guid,
    'x-github-event': event,
    'x-github-hook-id': '292430182',
    'x-github-hook-installation-target-id': '79929171',
    'x-github-hook-installation-target-type': 'integration',
  };
}

/** Both signatures are sent; only the second one is worth anything. */
export function signBody(body: string, secret: string): Readonly<Record<string, string>> {
  const sign = (algorithm: string): string => createHmac(algorithm, secret).update(body).digest('hex');
  return { 'x-hub-signature': `sha1=${sign('sha1')}`, 'x-hub-signature-256': `sha256=${sign('sha256')}` };
}

function buildPayload(happening: Happening, context: AnswerContext): object {
  const { repository, run, action, job } = happening;
  const common = {
    repository: mapRepository(repository, context),
    organization: mapOrganization(context),
    installation: { id: 3001, node_id: 'MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMzAwMQ==' },
    sender: mapUser(somebody, context),
  };
  if (job !== undefined) return { action, workflow_job: buildJob(happening, context), ...common };
  const { attempt, atMs } = happening;
  const moment = findRunMoment(run, atMs, attempt.number);
  if (moment === undefined) throw new TypeError(`run ${String(run.id)} has no attempt ${String(attempt.number)}`);
  return {
    action,
    workflow_run: mapRun({ repository, run, moment }, context),
    workflow: mapWorkflow(run.workflow, repository, context),
    ...common,
  };
}

/** A queued job names a runner that is none: empty names and zeros. */
function buildJob({ repository, run, job, atMs, action }: Happening, context: AnswerContext): object {
  if (job === undefined) return {};
  const shown = mapJob({ repository, run, job }, atMs, context);
  return action === 'queued'
    ? { ...shown, runner_id: 0, runner_name: '', runner_group_id: 0, runner_group_name: '' }
    : shown;
}

function mapOrganization({ api, login }: AnswerContext): object {
  const url = `${api}/orgs/${login}`;
  return {
    ...{ login, id: 1, node_id: 'O_1', url, avatar_url: `${url}/avatar`, description: somebody },
    ...{
      repos_url: `${url}/repos`,
      events_url: `${url}/events`,
      hooks_url: `${url}/hooks`,
      issues_url: `${url}/issues`,
    },
    ...{ members_url: `${url}/members{/member}`, public_members_url: `${url}/public_members{/member}` },
  };
}

function formatGuid(number: number): string {
  return `${number.toString(16).padStart(8, '0')}-9e1d-11f0-8000-000000000000`;
}

function mapLost({ atMs, action, job, repository }: Happening, guid: string, id: number): object {
  return {
    ...{
      id,
      guid,
      delivered_at: formatTime(atMs),
      redelivery: false,
      duration: 10,
      status: 'timed out',
      status_code: 0,
    },
    ...{ event: job === undefined ? 'workflow_run' : 'workflow_job', action, installation_id: 3001 },
    repository_id: repository.id,
  };
}
