/** The `detail` of a "Job Finished" event of Buildkite, made of a job of the simulation. */
import type { EndedJob } from './simulated-buildkite.ts';

/** The `detail` of a "Job Finished" event (Buildkite docs, "Amazon EventBridge"). */
export function jobFinishedDetail({ job, at }: EndedJob): object {
  const { build } = job;
  const time = (second: number | undefined): string | null =>
    second === undefined ? null : eventTime(at.convertToMs(second));
  return {
    version: 1,
    job: {
      uuid: job.uuid,
      graphql_id: Buffer.from(`Job---${job.uuid}`).toString('base64'),
      type: 'script',
      label: ':docker: test',
      step_key: null,
      command: 'make',
      agent_query_rules: [`queue=${at.queue}`],
      exit_status: job.exitStatus ?? null,
      signal_reason: null,
      passed: job.state === 'passed',
      soft_failed: job.isSoftFailed === true,
      state: ['passed', 'failed'].includes(job.state) ? 'finished' : job.state,
      runnable_at: time(job.runnableAt),
      started_at: time(job.startedAt),
      finished_at: time(job.finishedAt),
    },
    build: { uuid: build.uuid, number: build.number, commit: build.commit, branch: build.branch, state: build.state },
    pipeline: { uuid: `pipeline-${build.pipeline}`, slug: build.pipeline },
    organization: { uuid: 'organization-acme', slug: 'acme' },
  };
}

/** As Buildkite writes times in events: no fractions. */
function eventTime(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
