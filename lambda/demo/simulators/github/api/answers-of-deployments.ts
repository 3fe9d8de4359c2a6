/** The JSON of deployments and of approvals that a run waits for; they follow from the jobs that have an environment. */
import { findRunMoment, showJob } from '../organization/moments.ts';
import type { JobRecord, RepositoryRecord, RunRecord } from '../organization/records.ts';
import { type AnswerContext, formatFullName, formatTime } from './answers.ts';
import { mapUser, somebody } from './links.ts';

interface Deploying {
  readonly run: RunRecord;
  readonly job: JobRecord;
}

/** Newest first; a job that was carried over to another attempt deploys nothing. */
export function listDeployments({ runs }: RepositoryRecord, nowMs: number): readonly Deploying[] {
  return runs
    .flatMap((run) =>
      run.attempts.flatMap(({ jobs, startedMs }) => {
        const own = jobs.filter((job) => job.createdMs >= startedMs && job.createdMs <= nowMs);
        return own.filter(isDeploying).map((job) => ({ run, job }));
      }),
    )
    .sort((a, b) => b.job.createdMs - a.job.createdMs);
}

function isDeploying({ plan, conclusion }: JobRecord): boolean {
  return plan.environment !== undefined && conclusion !== 'skipped';
}

export function mapDeployment({ run, job }: Deploying, place: Place): object {
  const { environment = '' } = job.plan;
  const { url, repositoryUrl, context } = place;
  return {
    ...{ url: `${url}/${String(job.id)}`, id: job.id, node_id: `DE_${String(job.id)}`, task: 'deploy', payload: {} },
    ...{ sha: String(run.id).padStart(40, 'a'), ref: run.branch ?? '', environment, original_environment: environment },
    ...{ description: null, creator: mapUser(somebody, context), performed_via_github_app: null },
    ...{ created_at: formatTime(job.createdMs), updated_at: formatTime(job.createdMs) },
    ...{ statuses_url: `${url}/${String(job.id)}/statuses`, repository_url: repositoryUrl },
    ...{ transient_environment: false, production_environment: environment === 'production' },
  };
}

export interface Place {
  /** Of the list of deployments. */
  readonly url: string;
  readonly repositoryUrl: string;
  readonly context: AnswerContext;
}

export function findPlace(repository: RepositoryRecord, context: AnswerContext): Place {
  const repositoryUrl = `${context.api}/repos/${formatFullName(repository, context)}`;
  return { url: `${repositoryUrl}/deployments`, repositoryUrl, context };
}

/** Newest first. */
export function mapDeploymentStatuses({ job }: Deploying, nowMs: number, place: Place): readonly object[] {
  const ended = job.conclusion === 'success' ? 'success' : 'failure';
  const changes = [
    { state: 'queued', atMs: job.queuedMs },
    { state: 'in_progress', atMs: job.startedMs },
    { state: ended, atMs: job.endedMs },
  ];
  const { environment = '' } = job.plan;
  const url = `${place.url}/${String(job.id)}`;
  const known = changes.filter(({ atMs }) => atMs <= nowMs).reverse();
  return known.map(({ state, atMs }, index) => {
    const id = job.id * 10 + (known.length - index);
    return {
      ...{
        url: `${url}/statuses/${String(id)}`,
        id,
        node_id: `DES_${String(id)}`,
        state,
        environment,
        description: '',
      },
      ...{ creator: mapUser(somebody, place.context), performed_via_github_app: null },
      ...{ created_at: formatTime(atMs), updated_at: formatTime(atMs) },
      ...{
        deployment_url: url,
        repository_url: place.repositoryUrl,
        target_url: url,
        log_url: url,
        environment_url: url,
      },
    };
  });
}

/** One for each environment that the jobs of the run wait for. */
export function mapPendingDeployments(
  run: RunRecord,
  nowMs: number,
  { repositoryUrl, context }: Place,
): readonly object[] {
  const jobs = findRunMoment(run, nowMs)?.attempt.jobs ?? [];
  const waiting = jobs.filter((job) => job.createdMs <= nowMs && showJob(job, nowMs).status === 'waiting');
  return [...new Set(waiting.flatMap(({ plan }) => plan.environment ?? []))].map((name) => ({
    environment: {
      ...{ id: 161_088_068, node_id: 'EN_1', name, url: `${repositoryUrl}/environments/${name}` },
      html_url: `${context.html}/deployments/activity_log?environments_filter=${name}`,
    },
    ...{ wait_timer: 0, wait_timer_started_at: null, current_user_can_approve: false },
    reviewers: [{ type: 'User', reviewer: mapUser(somebody, context) }],
  }));
}
