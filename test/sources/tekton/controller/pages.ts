/** Metrics pages of Tekton's controller under the old and the new names, for tests of reading them. */

/** Pages of the controller in both generations of names, as far as they differ in what a reader has to know. */
export interface PageFigures {
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  /** Unix seconds; absent where the client library does not tell it. */
  readonly startSeconds?: number;
}

/** v1.10 and later: OpenTelemetry, with its scope on every line. */
export function openTelemetryPage({ succeeded, failed, running, startSeconds = 1_000 }: PageFigures): string {
  const scope = 'otel_scope_name="tekton.dev/pipeline",otel_scope_schema_url="",otel_scope_version=""';
  return `# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 312
# HELP kn_workqueue_depth Number of current items in the queue.
# TYPE kn_workqueue_depth gauge
kn_workqueue_depth{name="tekton.dev/pipelinerun",${scope}} ${String(running + 1)}
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds ${String(startSeconds)}
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="controller",telemetry_sdk_language="go"} 1
# HELP tekton_pipelines_controller_pipelinerun_duration_seconds The pipelinerun execution time in seconds
# TYPE tekton_pipelines_controller_pipelinerun_duration_seconds histogram
tekton_pipelines_controller_pipelinerun_duration_seconds_bucket{namespace="ci",pipeline="build",status="success",${scope},le="60"} ${String(succeeded)}
tekton_pipelines_controller_pipelinerun_duration_seconds_bucket{namespace="ci",pipeline="build",status="success",${scope},le="+Inf"} ${String(succeeded)}
tekton_pipelines_controller_pipelinerun_duration_seconds_sum{namespace="ci",pipeline="build",status="success",${scope}} ${String(succeeded * 40)}
tekton_pipelines_controller_pipelinerun_duration_seconds_count{namespace="ci",pipeline="build",status="success",${scope}} ${String(succeeded)}
# HELP tekton_pipelines_controller_pipelinerun_total Number of pipelineruns
# TYPE tekton_pipelines_controller_pipelinerun_total counter
tekton_pipelines_controller_pipelinerun_total{status="success",${scope}} ${String(succeeded)}
${failed === 0 ? '' : `tekton_pipelines_controller_pipelinerun_total{status="failed",${scope}} ${String(failed)}\n`}# HELP tekton_pipelines_controller_running_pipelineruns Number of pipelineruns executing currently
# TYPE tekton_pipelines_controller_running_pipelineruns gauge
tekton_pipelines_controller_running_pipelineruns{${scope}} ${String(running)}
tekton_pipelines_controller_running_pipelineruns{namespace="ci",${scope}} ${String(running)}
`;
}

/** v0.59 to v1.2: OpenCensus, with the deprecated names beside the new ones, and no word on when the process began. */
export function openCensusPage({ succeeded, failed, running }: PageFigures): string {
  return `# HELP tekton_pipelines_controller_pipelinerun_count number of pipelineruns
# TYPE tekton_pipelines_controller_pipelinerun_count counter
tekton_pipelines_controller_pipelinerun_count{status="failed"} ${String(failed)}
tekton_pipelines_controller_pipelinerun_count{status="success"} ${String(succeeded)}
# HELP tekton_pipelines_controller_pipelinerun_total Number of pipelineruns
# TYPE tekton_pipelines_controller_pipelinerun_total counter
tekton_pipelines_controller_pipelinerun_total{status="failed"} ${String(failed)}
tekton_pipelines_controller_pipelinerun_total{status="success"} ${String(succeeded)}
# HELP tekton_pipelines_controller_running_pipelineruns Number of pipelineruns executing currently
# TYPE tekton_pipelines_controller_running_pipelineruns gauge
tekton_pipelines_controller_running_pipelineruns ${String(running)}
# HELP tekton_pipelines_controller_running_pipelineruns_count Number of pipelineruns executing currently
# TYPE tekton_pipelines_controller_running_pipelineruns_count gauge
tekton_pipelines_controller_running_pipelineruns_count ${String(running)}
# HELP tekton_pipelines_controller_running_taskruns_waiting_on_task_resolution_count Number of taskruns executing currently that are waiting on resolution requests
# TYPE tekton_pipelines_controller_running_taskruns_waiting_on_task_resolution_count gauge
tekton_pipelines_controller_running_taskruns_waiting_on_task_resolution_count 2
# HELP tekton_pipelines_controller_workqueue_depth Depth of the work queue
# TYPE tekton_pipelines_controller_workqueue_depth gauge
tekton_pipelines_controller_workqueue_depth{reconciler="pipelinerun"} 4
`;
}
