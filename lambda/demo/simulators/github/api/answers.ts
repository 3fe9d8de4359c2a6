/** The JSON of repositories, workflows, runs and jobs at a moment, by the vendor's schema. */
import { type JobMoment, type RunMoment, showJob } from '../organization/moments.ts';
import type { JobRecord, RepositoryRecord, RunRecord, WorkflowRecord } from '../organization/records.ts';
import { type Addresses, mapRepositoryLinks, mapUser, somebody } from './links.ts';

/** What answers are made with. */
export interface AnswerContext extends Addresses {
  readonly login: string;
  /** `lean` leaves out of runs what the collector must not read anyway: people, commits and addresses of repositories. */
  readonly bodies: 'whole' | 'lean';
}

/** Whole seconds, as all times of this API. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export function formatFullName({ plan }: RepositoryRecord, { login }: AnswerContext): string {
  return `${login}/${plan.name}`;
}

/** A repository as runs and events name it. */
function mapMinimalRepository(repository: RepositoryRecord, context: AnswerContext): object {
  const full_name = formatFullName(repository, context);
  const { id, plan } = repository;
  const own = { id, node_id: `R_${String(id)}`, name: plan.name, full_name };
  if (context.bodies === 'lean') return own;
  return {
    ...own,
    owner: mapUser(context.login, context, 'Organization'),
    private: plan.visibility !== 'public',
    description: somebody,
    fork: false,
    ...mapRepositoryLinks(full_name, context),
  };
}

/** A repository as the lists of repositories have it. */
export function mapRepository(repository: RepositoryRecord, context: AnswerContext): object {
  const full_name = formatFullName(repository, context);
  const { plan, createdMs, pushedMs } = repository;
  return {
    ...mapMinimalRepository(repository, { ...context, bodies: 'whole' }),
    ...{ git_url: `git://${full_name}.git`, ssh_url: `git@${full_name}.git`, svn_url: `${context.html}/${full_name}` },
    ...{
      clone_url: `${context.html}/${full_name}.git`,
      mirror_url: null,
      homepage: null,
      language: null,
      license: null,
    },
    ...{
      forks_count: 0,
      stargazers_count: 0,
      watchers_count: 0,
      size: 108,
      default_branch: 'main',
      open_issues_count: 0,
    },
    ...{ has_issues: true, has_projects: true, has_wiki: true, has_pages: false, has_downloads: true },
    ...{ archived: plan.archived === true, disabled: false, visibility: plan.visibility ?? 'private' },
    ...{ pushed_at: formatTime(pushedMs), created_at: formatTime(createdMs), updated_at: formatTime(pushedMs) },
    ...{ forks: 0, open_issues: 0, watchers: 0 },
    permissions: { admin: false, push: false, pull: true },
  };
}

export function mapWorkflow(workflow: WorkflowRecord, repository: RepositoryRecord, context: AnswerContext): object {
  const { id, plan, createdMs } = workflow;
  const full_name = formatFullName(repository, context);
  const path = formatPath(workflow);
  return {
    ...{ id, node_id: `W_${String(id)}`, name: plan.name, path, state: 'active' },
    ...{ created_at: formatTime(createdMs), updated_at: formatTime(createdMs) },
    url: `${context.api}/repos/${full_name}/actions/workflows/${String(id)}`,
    html_url: `${context.html}/${full_name}/blob/main/${path}`,
    badge_url: `${context.html}/${full_name}/workflows/${plan.name}/badge.svg`,
  };
}

function formatPath({ plan }: WorkflowRecord): string {
  return `.github/workflows/${plan.file}`;
}

export interface Shown {
  readonly repository: RepositoryRecord;
  readonly run: RunRecord;
  readonly moment: RunMoment;
}

export function mapRun({ repository, run, moment }: Shown, context: AnswerContext): object {
  const { attempt, status, conclusion, updatedMs } = moment;
  const { workflow } = run;
  return {
    ...{ id: run.id, name: workflow.plan.name, node_id: `WFR_${String(run.id)}`, head_branch: run.branch },
    ...{ head_sha: formatSha(run), path: formatPath(workflow), display_title: somebody, run_number: run.number },
    ...{ run_attempt: attempt.number, event: run.event, status, conclusion, workflow_id: workflow.id },
    ...{ check_suite_id: run.id + 1, check_suite_node_id: `CS_${String(run.id)}`, pull_requests: [] },
    ...{ created_at: formatTime(run.createdMs), updated_at: formatTime(updatedMs) },
    run_started_at: formatTime(attempt.startedMs),
    ...mapRunLinks({ repository, run, moment }, context),
    ...(context.bodies === 'lean' ? {} : mapPeople(run, context)),
    repository: mapMinimalRepository(repository, context),
    head_repository: mapMinimalRepository(repository, context),
  };
}

function formatSha({ id }: RunRecord): string {
  return String(id).padStart(40, 'a');
}

function mapRunLinks({ repository, run, moment: { attempt } }: Shown, context: AnswerContext): object {
  const full_name = formatFullName(repository, context);
  const url = `${context.api}/repos/${full_name}/actions/runs/${String(run.id)}`;
  const html = `${context.html}/${full_name}/actions/runs/${String(run.id)}`;
  const before = attempt.number > 1 ? `${url}/attempts/${String(attempt.number - 1)}` : null;
  return {
    ...{ url, html_url: html, jobs_url: `${url}/jobs`, logs_url: `${url}/logs`, artifacts_url: `${url}/artifacts` },
    ...{ cancel_url: `${url}/cancel`, rerun_url: `${url}/rerun`, previous_attempt_url: before },
    check_suite_url: `${context.api}/repos/${full_name}/check-suites/${String(run.id + 1)}`,
    workflow_url: `${context.api}/repos/${full_name}/actions/workflows/${String(run.workflow.id)}`,
  };
}

function mapPeople(run: RunRecord, context: AnswerContext): object {
  const person = { name: somebody, email: `${somebody}@example.com` };
  return {
    actor: mapUser(somebody, context),
    triggering_actor: mapUser(somebody, context),
    referenced_workflows: [],
    head_commit: {
      ...{ id: formatSha(run), tree_id: formatSha(run), message: somebody, timestamp: formatTime(run.createdMs) },
      ...{ author: person, committer: person },
    },
  };
}

export interface ShownJob {
  readonly repository: RepositoryRecord;
  readonly run: RunRecord;
  readonly job: JobRecord;
}

/** A job that waits has begun when it was created, so it seems; and a skipped one names no labels. */
export function mapJob({ repository, run, job }: ShownJob, nowMs: number, context: AnswerContext): object {
  const moment = showJob(job, nowMs);
  const { status, conclusion } = moment;
  const full_name = formatFullName(repository, context);
  const url = `${context.api}/repos/${full_name}/actions/jobs/${String(job.id)}`;
  const startedMs = status === 'in_progress' || status === 'completed' ? job.startedMs : job.createdMs;
  return {
    ...{
      id: job.id,
      run_id: run.id,
      run_attempt: job.attempt,
      node_id: `CR_${String(job.id)}`,
      head_sha: formatSha(run),
    },
    run_url: `${context.api}/repos/${full_name}/actions/runs/${String(run.id)}`,
    ...{ url, html_url: `${context.html}/${full_name}/actions/runs/${String(run.id)}/job/${String(job.id)}` },
    ...{ name: job.plan.name, workflow_name: run.workflow.plan.name, head_branch: run.branch, status, conclusion },
    ...{ created_at: formatTime(job.createdMs), started_at: formatTime(startedMs) },
    completed_at: status === 'completed' ? formatTime(job.endedMs) : null,
    labels: conclusion === 'skipped' ? [] : job.plan.labels,
    ...mapJobRunner(job, moment),
    steps: mapSteps(job, moment),
    check_run_url: `${context.api}/repos/${full_name}/check-runs/${String(job.id)}`,
  };
}

function mapJobRunner({ runner }: JobRecord, { status }: JobMoment): object {
  if (runner === undefined || status === 'queued' || status === 'waiting')
    return { runner_id: null, runner_name: null, runner_group_id: null, runner_group_name: null };
  const { id, name, groupId, groupName } = runner;
  return { runner_id: id, runner_name: name, runner_group_id: groupId, runner_group_name: groupName };
}

function mapSteps({ startedMs, endedMs, runner }: JobRecord, { status, conclusion }: JobMoment): readonly object[] {
  if (runner === undefined || status === 'queued' || status === 'waiting') return [];
  const completed_at = status === 'completed' ? formatTime(endedMs) : null;
  return [{ name: somebody, number: 1, status, conclusion, started_at: formatTime(startedMs), completed_at }];
}
