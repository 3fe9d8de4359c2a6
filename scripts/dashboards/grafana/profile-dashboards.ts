/** The Grafana dashboards about systems whose metrics pages the collector reads. */
import type { ProfileName } from '../../../lambda/sources/prometheus/profiles.ts';
import { type GrafanaPanel, grafanaDashboard, type GrafanaRow } from './dashboard.ts';
import type { Query } from './query.ts';

interface ProfileDashboard {
  readonly profile: ProfileName;
  readonly title: string;
  readonly description: string;
  /** Metrics that every target of the profile has: their `job` and `instance` can be chosen. */
  readonly present: readonly string[];
  readonly rows: readonly GrafanaRow[];
}

const chosen = 'job=~"$job", instance=~"$instance"';

function of(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[chosen, ...matchers].join(', ')}}`;
}

function query(expr: string, by: readonly string[], unit: string): Query {
  return { expr, legend: by.map(writeLabel).join(''), unit };
}

/** A label as a part of a line's name. One that few pages have follows a blank, lest a dot stand there for nothing. */
function writeLabel(label: string, index: number): string {
  const separator = label.startsWith('exported_') ? ' ' : ' · ';
  return `${index === 0 ? '' : separator}{{${label}}}`;
}

type Lines = readonly [string, ...string[]];

function level(title: string, metric: string, by: Lines, unit = 'short'): GrafanaPanel {
  return { title, stacked: false, query: query(`sum by (${by.join(', ')}) (${of(metric)})`, by, unit) };
}

function added(title: string, metric: string, by: Lines, unit = 'short'): GrafanaPanel {
  const expr = `sum by (${by.join(', ')}) (increase(${of(metric)}[$__rate_interval]))`;
  return { title, stacked: true, query: query(expr, by, unit) };
}

function p95(title: string, histogram: string, by: Lines, unit = 's'): GrafanaPanel {
  const rate = `rate(${of(`${histogram}_bucket`)}[$__rate_interval])`;
  const expr = `histogram_quantile(0.95, sum by (${['le', ...by].join(', ')}) (${rate}))`;
  return { title, stacked: false, query: query(expr, by, unit) };
}

function asIs(title: string, expr: string, by: Lines, unit: string): GrafanaPanel {
  return { title, stacked: false, query: query(expr, by, unit) };
}

/** What a Prometheus server tells of each target, and so does the source `prometheus`. */
const scrapeRow: GrafanaRow = {
  title: 'Do the targets answer?',
  explanation: 'Up is 0 where a target does not answer, or its page cannot be read; its other figures end then.',
  panels: [
    asIs('Up', `min by (job, instance) (${of('up')})`, ['job', 'instance'], 'short'),
    level('Time of reading', 'scrape_duration_seconds', ['job', 'instance'], 's'),
    level('Series kept', 'scrape_samples_post_metric_relabeling', ['job', 'instance']),
  ],
};

const agent = 'buildkite_agent';

const buildkiteAgents: ProfileDashboard = {
  profile: 'buildkite-agent',
  title: 'Buildkite agents',
  description: 'What agents say of themselves: jobs, pings, log uploads.',
  present: [`${agent}_workers_started_total`],
  rows: [
    {
      title: 'Do the agents work?',
      explanation: 'Jobs that run on these agents, by queue, and what began and ended; a worker is one of `--spawn`.',
      panels: [
        level('Running jobs', `${agent}_jobs_running`, ['queue']),
        added('Jobs started', `${agent}_jobs_started_total`, ['queue']),
        added('Jobs ended', `${agent}_jobs_ended_total`, ['queue']),
        asIs(
          'Workers',
          `sum by (instance) (${of(`${agent}_workers_started_total`)} - ${of(`${agent}_workers_ended_total`)})`,
          ['instance'],
          'short',
        ),
      ],
    },
    {
      title: 'Do they reach Buildkite?',
      explanation:
        'An agent asks for work by pings. Pings that fail or take long, and logs that are not uploaded, point at the network or at Buildkite.',
      panels: [
        added('Pings that failed', `${agent}_pings_errors_total`, ['instance']),
        added('Pings', `${agent}_pings_sent_total`, ['instance']),
        added('Pings by what followed', `${agent}_pings_actions_total`, ['action']),
        p95('Ping, p95', `${agent}_pings_duration_seconds_total`, ['instance']),
        p95('Wait between pings, p95', `${agent}_pings_wait_duration_seconds_total`, ['instance']),
        added('Log chunks not uploaded', `${agent}_logs_chunk_uploads_errored_total`, ['instance']),
        added('Log bytes not uploaded', `${agent}_logs_bytes_uploads_errored_total`, ['instance'], 'bytes'),
        p95('Upload of a chunk, p95', `${agent}_logs_upload_duration_seconds_total`, ['instance']),
        p95('Size of a chunk, p95', `${agent}_logs_chunk_size_bytes`, ['instance'], 'bytes'),
        added('Log chunks', `${agent}_logs_chunks_uploaded_total`, ['instance']),
        added('Log bytes', `${agent}_logs_bytes_uploaded_total`, ['instance'], 'bytes'),
        added('Log bytes on the wire', `${agent}_logs_compressed_bytes_uploaded_total`, ['instance'], 'bytes'),
      ],
    },
    scrapeRow,
  ],
};

const tekton = 'tekton_pipelines_controller';

/** Of one metric that had another name before: v0.59 renamed the totals. */
function addedUnderEither(title: string, names: readonly [string, string]): GrafanaPanel {
  const increases = names.map((name) => `sum by (status) (increase(${of(name)}[$__rate_interval]))`);
  return { title, stacked: true, query: query(increases.join(' or '), ['status'], 'short') };
}

const tektonController: ProfileDashboard = {
  profile: 'tekton-controller',
  title: 'Tekton controller',
  description: 'What the controller of Tekton Pipelines says of itself: runs, durations, its own queue.',
  present: [`${tekton}_running_taskruns`],
  rows: [
    {
      title: 'Do runs pass?',
      explanation:
        'Runs as the controller counts them: time-outs are `failed`, and runs that it never saw are missing.',
      panels: [
        addedUnderEither('Pipeline runs ended', [`${tekton}_pipelinerun_total`, `${tekton}_pipelinerun_count`]),
        addedUnderEither('Task runs ended', [`${tekton}_taskrun_total`, `${tekton}_taskrun_count`]),
        p95('Pipeline run, p95', `${tekton}_pipelinerun_duration_seconds`, ['namespace', 'pipeline']),
        p95('Task run in a pipeline, p95', `${tekton}_pipelinerun_taskrun_duration_seconds`, ['namespace', 'task']),
        p95('Task run alone, p95', `${tekton}_taskrun_duration_seconds`, ['namespace', 'task']),
        p95('Pod latency, p95', `${tekton}_taskruns_pod_latency_milliseconds`, ['namespace', 'task'], 'ms'),
      ],
    },
    {
      title: 'Does the controller keep up?',
      explanation:
        'Replicas show the same runs, so the largest is shown. A queue that grows, or runs that wait for a resolution, mean that it is short of time or of rights.',
      panels: [
        // With `metrics.running-pipelinerun.level` there is a total beside its parts: the largest is the total.
        asIs('Running pipeline runs', `max by (job) (${of(`${tekton}_running_pipelineruns`)})`, ['job'], 'short'),
        asIs('Running task runs', `max by (job) (${of(`${tekton}_running_taskruns`)})`, ['job'], 'short'),
        ...['node', 'quota'].map((cause) =>
          asIs(
            `Task runs throttled by ${cause}`,
            `max by (job, namespace) (${of(`${tekton}_running_taskruns_throttled_by_${cause}`)})`,
            ['job', 'namespace'],
            'short',
          ),
        ),
        asIs(
          'Pipeline runs without their pipeline',
          `max by (job) (${of(`${tekton}_running_pipelineruns_waiting_on_pipeline_resolution`)})`,
          ['job'],
          'short',
        ),
        level('Depth of the work queue', 'kn_workqueue_depth', ['instance', 'name']),
        p95('Time in the work queue, p95', 'kn_workqueue_queue_duration_seconds', ['name']),
        added('Retries', 'kn_workqueue_retries_total', ['name']),
      ],
    },
    scrapeRow,
  ],
};

const workflow: Lines = ['org', 'workflow', 'runner'];

const chainloop: ProfileDashboard = {
  profile: 'chainloop',
  title: 'Chainloop',
  description: "Attestations by Chainloop's own metrics, from its page or by the source chainloop.",
  present: ['chainloop_workflow_up'],
  rows: [
    {
      title: 'Are the workflows up?',
      explanation:
        'A workflow is down from a run that failed, expired or was cancelled until one succeeds. No line at all for minutes: the server cannot read its database, or the page is switched off.',
      panels: [
        asIs('Up', `min by (${workflow.join(', ')}) (${of('chainloop_workflow_up')})`, workflow, 'short'),
        added('Runs by result', 'chainloop_workflow_run_duration_seconds_count', ['org', 'status']),
        p95('Run duration, p95', 'chainloop_workflow_run_duration_seconds', ['org', 'workflow']),
      ],
    },
    {
      ...scrapeRow,
      explanation: `${scrapeRow.explanation} Only where the source \`prometheus\` or a Prometheus reads the page; the source \`chainloop\` has no targets, and nothing to choose as job and instance.`,
    },
  ],
};

/** Of a group: its own labels where they are honoured, and otherwise those that had to move. */
const group: Lines = ['job', 'instance', 'exported_job', 'exported_instance'];

const pushgateway: ProfileDashboard = {
  profile: 'pushgateway',
  title: 'Pushgateway',
  description: 'Whether groups are still pushed, and what the gateway refuses.',
  present: ['push_time_seconds', 'pushgateway_build_info'],
  rows: [
    {
      title: 'Are groups still pushed?',
      explanation:
        'A Pushgateway shows a group for ever, whether or not anybody still pushes it: only its age tells. A refused push is named by the time of the last failure.',
      panels: [
        asIs('Since the last push', `time() - max by (${group.join(', ')}) (${of('push_time_seconds')})`, group, 's'),
        asIs(
          'Last push was refused',
          `max by (${group.join(', ')}) (${of('push_failure_time_seconds')} > bool ${of('push_time_seconds')})`,
          group,
          'short',
        ),
        added('Requests', 'pushgateway_http_requests_total', ['handler', 'code']),
        asIs(
          'Push, mean time',
          `sum by (method) (rate(${of('pushgateway_http_push_duration_seconds_sum')}[$__rate_interval])) / sum by (method) (rate(${of('pushgateway_http_push_duration_seconds_count')}[$__rate_interval]))`,
          ['method'],
          's',
        ),
        asIs(
          'Push, mean size',
          `sum by (method) (rate(${of('pushgateway_http_push_size_bytes_sum')}[$__rate_interval])) / sum by (method) (rate(${of('pushgateway_http_push_size_bytes_count')}[$__rate_interval]))`,
          ['method'],
          'bytes',
        ),
        asIs(
          'Running for',
          `time() - max by (job, instance) (${of('process_start_time_seconds')})`,
          ['job', 'instance'],
          's',
        ),
      ],
    },
    scrapeRow,
  ],
};

/** One dashboard for each profile of the source `prometheus`, by its path. */
export function profileDashboards(): readonly { readonly path: string; readonly text: string }[] {
  return [buildkiteAgents, chainloop, pushgateway, tektonController].map(
    ({ profile, title, description, present, rows }) => ({
      path: `dashboards/grafana-${profile}.json`,
      text: grafanaDashboard({
        uid: `ci-metrics-${profile}`,
        title,
        description,
        variables: {
          job: `label_values({__name__=~"${present.join('|')}"}, job)`,
          instance: `label_values({__name__=~"${present.join('|')}", job=~"$job"}, instance)`,
        },
        rows,
      }),
    }),
  );
}
