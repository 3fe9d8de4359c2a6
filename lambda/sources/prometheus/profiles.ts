/** Ready-made lists of metrics for well-known pages, and the measures of each. */
import type { Measure } from './measures/measure-setting.ts';

export const profileNames = ['buildkite-agent', 'chainloop', 'pushgateway', 'tekton-controller'] as const;
export type ProfileName = (typeof profileNames)[number];

export interface Profile {
  /** Globs of metric names. */
  readonly include: readonly string[];
  /** What the profile gives to sinks that keep no series; each costs there. */
  readonly measures: readonly Measure[];
}

function createMeasure(metric: string, type: Measure['type'], ...labels: readonly string[]): Measure {
  return { metric, type, labels: [...labels] };
}

/**
 * Allow-lists by name: a page also has the metrics of its runtime and its libraries, which cost money and are not used.
 */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  // buildkite/agent, agent/metrics.go: `--health-check-addr`, since v3.113; fourteen then, three more since. Some
  // histograms end with _total.
  'buildkite-agent': {
    include: [
      'buildkite_agent_jobs_ended_total',
      'buildkite_agent_jobs_running',
      'buildkite_agent_jobs_started_total',
      'buildkite_agent_logs_bytes_uploaded_total',
      'buildkite_agent_logs_bytes_uploads_errored_total',
      'buildkite_agent_logs_chunk_size_bytes',
      'buildkite_agent_logs_chunk_uploads_errored_total',
      'buildkite_agent_logs_chunks_uploaded_total',
      'buildkite_agent_logs_compressed_bytes_uploaded_total',
      'buildkite_agent_logs_upload_duration_seconds_total',
      'buildkite_agent_pings_actions_total',
      'buildkite_agent_pings_duration_seconds_total',
      'buildkite_agent_pings_errors_total',
      'buildkite_agent_pings_sent_total',
      'buildkite_agent_pings_wait_duration_seconds_total',
      'buildkite_agent_workers_ended_total',
      'buildkite_agent_workers_started_total',
    ],
    measures: [
      createMeasure('buildkite_agent_jobs_ended_total', 'counter', 'queue'),
      createMeasure('buildkite_agent_jobs_running', 'gauge', 'queue'),
      createMeasure('buildkite_agent_jobs_started_total', 'counter', 'queue'),
      createMeasure('buildkite_agent_logs_chunk_uploads_errored_total', 'counter'),
      createMeasure('buildkite_agent_pings_errors_total', 'counter'),
    ],
  },
  // The source `chainloop` publishes these and better ones in CloudWatch too, so there is nothing to add here.
  chainloop: { include: ['chainloop_*'], measures: [] },
  pushgateway: {
    include: [
      'push_failure_time_seconds',
      'push_time_seconds',
      'pushgateway_build_info',
      'pushgateway_http_push_duration_seconds',
      'pushgateway_http_push_size_bytes',
      'pushgateway_http_requests_total',
      'process_start_time_seconds',
    ],
    measures: [createMeasure('pushgateway_http_requests_total', 'counter', 'code', 'handler')],
  },
  // tektoncd/pipeline, docs/metrics.md: both generations of names (v0.59 and v1.10 renamed some) are live.
  'tekton-controller': {
    include: [
      'kn_workqueue_*',
      'tekton_pipelines_controller_pipelinerun_*',
      'tekton_pipelines_controller_running_*',
      'tekton_pipelines_controller_taskrun_*',
      'tekton_pipelines_controller_taskruns_*',
      'tekton_pipelines_controller_workqueue_*',
    ],
    measures: [
      createMeasure('kn_workqueue_depth', 'gauge', 'name'),
      createMeasure('tekton_pipelines_controller_pipelinerun_total', 'counter', 'status'),
      createMeasure('tekton_pipelines_controller_running_taskruns', 'gauge'),
      createMeasure('tekton_pipelines_controller_taskrun_total', 'counter', 'status'),
      createMeasure('tekton_pipelines_controller_pipelinerun_duration_seconds', 'histogram', 'namespace', 'status'),
    ],
  },
};
