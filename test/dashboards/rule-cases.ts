/** What a case of an alert consists of: a history of series, and what fires after it. */

/** What an alert says of one series. */
interface Fired {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Series in promtool's notation, one value a minute from the minute 0 on, and what an alert makes of them. */
export interface RuleCase {
  readonly alert: string;
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** How often the rules are evaluated; default: each minute, which takes seconds for days. */
  readonly every?: string;
  /** Empty: quiet. */
  readonly fires: readonly Fired[];
}

const queueLabels = { collector: 'ci', system: 'buildkite', source: 'main', scope: 'Linux' } as const;
const sourceLabels = { collector: 'ci', system: 'buildkite', source: 'main' } as const;

function text(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
}

function starved(queue: string, more = ''): string {
  return `ci_queue_starved_jobs{${text({ ...queueLabels, queue })}${more}}`;
}

function jobs(queue: string, scope = 'Linux'): string {
  return `ci_queue_jobs{${text({ ...queueLabels, scope, queue, state: 'queued' })}}`;
}

function workers(state: string, queue: string, scope = 'Linux'): string {
  return `ci_workers{${text({ ...queueLabels, scope, queue, state })}}`;
}

function utilization(queue: string): string {
  return `ci_worker_utilization_ratio{${text({ ...queueLabels, queue })}}`;
}

function ofSource(metric: string, source = 'main'): string {
  return `ci_collector_${metric}{${text({ ...sourceLabels, source })}}`;
}

function ofSink(metric: string, sink: string): string {
  return `ci_collector_${metric}{collector="ci", sink="${sink}"}`;
}

function lastRun(collector: string): string {
  return `ci_collector_last_run_timestamp_seconds{collector="${collector}"}`;
}

const runsOn = '0+60x6000';

/** Everything that a collector publishes while nothing runs, for eight hours; `identity` as the sinks add it. */
export function night(identity: string): Readonly<Record<string, string>> {
  const source = `${identity}, system="buildkite", source="main"`;
  const queue = `${source}, scope="Linux", queue="default"`;
  const still = (value: number): string => `${String(value)}x500`;
  return {
    [`ci_queue_jobs{${queue}, state="queued"}`]: still(0),
    [`ci_queue_jobs{${queue}, state="running"}`]: still(0),
    [`ci_queue_jobs{${queue}, state="blocked"}`]: still(2),
    [`ci_queue_starved_jobs{${queue}}`]: still(0),
    [`ci_workers{${queue}, state="idle"}`]: still(0),
    [`ci_workers{${queue}, state="busy"}`]: still(0),
    [`chainloop_workflow_up{${identity}, source="main", org="acme", workflow="build", runner="GITHUB_ACTION"}`]:
      still(1),
    [`ci_collector_source_up{${source}}`]: still(1),
    // At first the queues of the evening; then the CI system leaves its idle queues out.
    [`ci_collector_source_samples{${source}}`]: '26x30 0x470',
    [`ci_collector_series_overflow{${source}}`]: still(0),
    [`ci_collector_quota_remaining{${source}}`]: still(190),
    [`ci_collector_quota_limit{${source}}`]: still(200),
    [`ci_collector_sink_up{${identity}, sink="remote-write"}`]: still(1),
    [identity.startsWith('job')
      ? `ci_collector_last_run_timestamp_seconds{${identity}, collector="ci-metrics"}`
      : `ci_collector_last_run_timestamp_seconds{${identity}}`]: '0+60x500',
    ['push_time_seconds{job="ci-metrics"}']: '0+60x500',
    ['push_time_seconds{job="ci-metrics", source="main"}']: '0+60x500',
    ['push_failure_time_seconds{job="ci-metrics"}']: still(0),
    ['push_failure_time_seconds{job="ci-metrics", source="main"}']: still(0),
  };
}

const starvedDeploy: Fired = {
  labels: { ...queueLabels, queue: 'deploy' },
  summary: 'Queue deploy of Linux (source main) has jobs and no worker: 3 queued',
};

const queueStarved: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires when jobs wait and no worker is left, and names only that queue',
    series: { [starved('deploy')]: '0 0 3x20', [starved('default')]: '0x20' },
    at: '8m',
    fires: [starvedDeploy],
  },
  {
    title: 'fires for a queue without any series of workers',
    series: { [jobs('deploy')]: '3x20', [starved('deploy')]: '3x20' },
    at: '6m',
    fires: [starvedDeploy],
  },
  {
    title: 'fires for metrics from a Pushgateway, which know a job and no collector',
    series: { 'ci_queue_starved_jobs{job="ci", source="main", scope="Linux", queue="deploy"}': '3x20' },
    at: '6m',
    fires: [{ ...starvedDeploy, labels: { job: 'ci', source: 'main', scope: 'Linux', queue: 'deploy' } }],
  },
  {
    title: 'fires although a poll or two have failed meanwhile',
    series: { [starved('deploy')]: '3 3 stale stale 3 3 3' },
    at: '6m',
    fires: [starvedDeploy],
  },
  {
    title: 'starts anew when nothing was known for longer',
    series: { [starved('deploy')]: '3 3 stale stale stale stale 3 3 3 3' },
    at: '9m',
    fires: [],
  },
  { title: 'is quiet before its time', series: { [starved('deploy')]: '3x20' }, at: '4m', fires: [] },
  {
    title: 'is over as soon as a worker comes',
    series: { [starved('deploy')]: '3 3 3 3 3 3 3 3 0 0' },
    at: '8m',
    fires: [],
  },
  {
    title: 'is quiet for a queue whose workers nobody counts',
    series: { [jobs('hosted')]: '5x20' },
    at: '15m',
    fires: [],
  },
  { title: 'is quiet in an empty night', series: { [starved('deploy')]: '0x500' }, at: '8h', fires: [] },
];

const idleButBacklog: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires when workers stay idle beside queued jobs',
    series: { [jobs('deploy')]: '2x20', [workers('idle', 'deploy')]: '1x20', [workers('busy', 'deploy')]: '4x20' },
    at: '11m',
    fires: [
      {
        labels: { ...queueLabels, queue: 'deploy', state: 'queued' },
        summary: 'Queue deploy of Linux (source main) has idle workers and a backlog: 2 queued',
      },
    ],
  },
  {
    title: 'is quiet when the idle workers serve another queue, or the same name elsewhere',
    series: {
      [jobs('deploy')]: '2x20',
      [workers('idle', 'default')]: '3x20',
      [workers('idle', 'deploy', 'Apple')]: '3x20',
    },
    at: '15m',
    fires: [],
  },
  {
    title: 'is quiet when all workers are busy',
    series: { [jobs('deploy')]: '2x20', [workers('idle', 'deploy')]: '0x20', [workers('busy', 'deploy')]: '4x20' },
    at: '15m',
    fires: [],
  },
  {
    title: 'is quiet when a worker takes the jobs in between',
    series: { [jobs('deploy')]: '2 2 2 2 2 0 2 2 2 2 2 2 2', [workers('idle', 'deploy')]: '1x20' },
    at: '12m',
    fires: [],
  },
  {
    title: 'is quiet in an empty night',
    series: { [jobs('deploy')]: '0x500', [workers('idle', 'deploy')]: '4x500' },
    at: '8h',
    fires: [],
  },
];

const workersSaturated: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires when a full pool has a backlog for long',
    series: { [utilization('deploy')]: '1x40', [jobs('deploy')]: '7x40' },
    at: '31m',
    fires: [
      {
        labels: { ...queueLabels, queue: 'deploy' },
        summary: 'Queue deploy of Linux (source main) is short of workers: 100% are busy and jobs wait',
      },
    ],
  },
  {
    title: 'is quiet when nothing waits for the full pool',
    series: { [utilization('deploy')]: '1x40', [jobs('deploy')]: '0x40' },
    at: '35m',
    fires: [],
  },
  {
    title: 'is quiet when a worker in ten is free',
    series: { [utilization('deploy')]: '0.9x40', [jobs('deploy')]: '7x40' },
    at: '35m',
    fires: [],
  },
  {
    title: 'leaves a queue without workers to QueueStarved',
    series: { [jobs('deploy')]: '7x40', [starved('deploy')]: '7x40' },
    at: '35m',
    fires: [],
  },
];

const collectorSilent: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'names the collector that has stopped and whose series have ended, and no other',
    series: { [lastRun('dead')]: '0+60x10 stale', [lastRun('alive')]: runsOn },
    at: '20m',
    fires: [{ labels: { collector: 'dead' }, summary: 'Collector dead has delivered nothing here for 10m 0s' }],
  },
  {
    title: 'still fires on Monday for what has stopped on Friday evening',
    series: { [lastRun('dead')]: '0+60x10', [lastRun('alive')]: runsOn },
    at: '62h',
    every: '30m',
    fires: [{ labels: { collector: 'dead' }, summary: 'Collector dead has delivered nothing here for 2d 13h 50m 0s' }],
  },
  {
    title: 'fires when a Pushgateway or a file shows the last run for ever',
    series: { 'ci_collector_last_run_timestamp_seconds{job="ci", collector="ci"}': '60x60' },
    at: '31m',
    fires: [{ labels: { job: 'ci', collector: 'ci' }, summary: 'Collector ci has delivered nothing here for 30m 0s' }],
  },
  {
    title: 'fires without labels when there is no series at all',
    series: {},
    at: '10m',
    fires: [{ labels: {}, summary: 'No collector has delivered anything here within three days' }],
  },
  { title: 'is quiet while runs arrive', series: { [lastRun('ci')]: runsOn }, at: '8h', fires: [] },
  {
    title: 'is quiet when two runs are missing',
    series: { [lastRun('ci')]: '0+60x10 _ _ 780+60x10' },
    at: '13m',
    fires: [],
  },
];

const downMain: Fired = { labels: sourceLabels, summary: 'Source main (buildkite) does not give everything' };

const sourceDown: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires for the source that fails, and not for the others',
    series: { [ofSource('source_up')]: '1 0x10', [ofSource('source_up', 'other')]: '1x10' },
    at: '5m',
    fires: [downMain],
  },
  { title: 'is quiet before its time', series: { [ofSource('source_up')]: '1 0x10' }, at: '3m', fires: [] },
  {
    title: 'is quiet when single polls fail',
    series: { [ofSource('source_up')]: '0 0 1 0 0 1 0 0 1 0 0 1' },
    at: '10m',
    fires: [],
  },
  { title: 'is quiet in an empty night', series: { [ofSource('source_up')]: '1x500' }, at: '8h', fires: [] },
];

const emptyMain: Fired = { labels: sourceLabels, summary: 'Source main (buildkite) answers, but has given no sample' };

const sourceWithoutSamples: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires for a new source that gives nothing',
    series: { [ofSource('source_up')]: '1x90', [ofSource('source_samples')]: '0x90' },
    at: '65m',
    fires: [emptyMain],
  },
  {
    title: 'fires for an old source that has given nothing for three days and an hour',
    series: { [ofSource('source_up')]: '1x4600', [ofSource('source_samples')]: '26x60 0x4540' },
    at: '75h',
    every: '30m',
    fires: [emptyMain],
  },
  {
    title: 'is quiet in a weekend without a queue',
    series: { [ofSource('source_up')]: '1x4000', [ofSource('source_samples')]: '26x60 0x3720' },
    at: '62h',
    every: '30m',
    fires: [],
  },
  {
    title: 'leaves a source that fails to SourceDown',
    series: { [ofSource('source_up')]: '0x90', [ofSource('source_samples')]: '0x90' },
    at: '80m',
    fires: [],
  },
];

const quotaLow: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires when less than a tenth is left',
    series: { [ofSource('quota_remaining')]: '10x10', [ofSource('quota_limit')]: '200x10' },
    at: '6m',
    fires: [{ labels: sourceLabels, summary: 'Source main (buildkite) has 5% of its API quota left' }],
  },
  {
    title: 'fires although not every poll learns the quota',
    series: {
      [ofSource('quota_remaining')]: '0 stale 0 stale 0 stale 0 stale',
      [ofSource('quota_limit')]: '200 stale 200 stale 200 stale 200 stale',
    },
    at: '7m',
    fires: [{ labels: sourceLabels, summary: 'Source main (buildkite) has 0% of its API quota left' }],
  },
  {
    title: 'is quiet when enough is left',
    series: { [ofSource('quota_remaining')]: '190x10', [ofSource('quota_limit')]: '200x10' },
    at: '10m',
    fires: [],
  },
  {
    title: 'is quiet where the CI system does not tell',
    series: { [ofSource('source_up')]: '1x10' },
    at: '10m',
    fires: [],
  },
];

const seriesOverflow: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires when queues are folded together for long',
    series: { [ofSource('series_overflow')]: '0 12x20' },
    at: '17m',
    fires: [
      {
        labels: sourceLabels,
        summary: 'Source main (buildkite) has more series than allowed: 12 are folded into #other#',
      },
    ],
  },
  {
    title: 'is quiet when queues of one build come and go',
    series: { [ofSource('series_overflow')]: '0 12x5 0x20' },
    at: '17m',
    fires: [],
  },
  { title: 'is quiet in an empty night', series: { [ofSource('series_overflow')]: '0x500' }, at: '8h', fires: [] },
];

const downCloudWatch: Fired = {
  labels: { collector: 'ci', sink: 'cloudwatch' },
  summary: 'Sink cloudwatch does not take everything',
};

const sinkDown: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires for the sink that fails, and not for the others',
    series: { [ofSink('sink_up', 'cloudwatch')]: '0x10', [ofSink('sink_up', 'remote-write')]: '1x10' },
    at: '4m',
    fires: [downCloudWatch],
  },
  {
    title: 'fires although a new process does not know of the run before',
    series: { [ofSink('sink_up', 'cloudwatch')]: '0 0 stale 0 0' },
    at: '4m',
    fires: [downCloudWatch],
  },
  {
    title: 'is quiet when a single delivery fails',
    series: { [ofSink('sink_up', 'cloudwatch')]: '1 0 1 1 0 1' },
    at: '5m',
    fires: [],
  },
  { title: 'is quiet in an empty night', series: { [ofSink('sink_up', 'cloudwatch')]: '1x500' }, at: '8h', fires: [] },
];

const group = 'job="ci", source="main"';
const ownRun = 'ci_collector_last_run_timestamp_seconds{job="ci", collector="ci"}';

const pushOld: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires for the one group that nobody renews',
    series: { [`push_time_seconds{${group}}`]: '60x40', 'push_time_seconds{job="ci"}': runsOn, [ownRun]: runsOn },
    at: '16m',
    fires: [{ labels: { job: 'ci', source: 'main' }, summary: 'The last push of ci for source main is 15m 0s old' }],
  },
  {
    title: 'fires for the own group of a collector that has stopped',
    series: { 'push_time_seconds{job="ci"}': '60x40', [ownRun]: '60x40' },
    at: '16m',
    fires: [{ labels: { job: 'ci' }, summary: 'The last push of ci is 15m 0s old' }],
  },
  {
    title: 'is quiet about the pushes of others',
    series: { 'push_time_seconds{job="backup"}': '60x90', [ownRun]: runsOn, 'push_time_seconds{job="ci"}': runsOn },
    at: '1h',
    fires: [],
  },
  {
    title: 'is quiet while groups are renewed',
    series: { [`push_time_seconds{${group}}`]: runsOn, [ownRun]: runsOn },
    at: '8h',
    fires: [],
  },
];

const pushRefused: readonly Omit<RuleCase, 'alert'>[] = [
  {
    title: 'fires for a group whose pushes the gateway refuses',
    series: {
      [`push_time_seconds{${group}}`]: '60x20',
      [`push_failure_time_seconds{${group}}`]: '0 0+60x20',
      [ownRun]: runsOn,
    },
    at: '8m',
    fires: [
      { labels: { job: 'ci', source: 'main' }, summary: 'The gateway has refused the last push of ci for source main' },
    ],
  },
  {
    title: 'is quiet when a push was refused once',
    series: {
      [`push_time_seconds{${group}}`]: runsOn,
      [`push_failure_time_seconds{${group}}`]: '90x20',
      [ownRun]: runsOn,
    },
    at: '10m',
    fires: [],
  },
  {
    title: 'is quiet about the pushes of others',
    series: {
      'push_time_seconds{job="backup"}': '60x20',
      'push_failure_time_seconds{job="backup"}': '120x20',
      [ownRun]: runsOn,
    },
    at: '10m',
    fires: [],
  },
];

const casesByAlert = {
  QueueStarved: queueStarved,
  IdleButBacklog: idleButBacklog,
  WorkersSaturated: workersSaturated,
  CollectorSilent: collectorSilent,
  SourceDown: sourceDown,
  SourceWithoutSamples: sourceWithoutSamples,
  QuotaLow: quotaLow,
  SeriesOverflow: seriesOverflow,
  SinkDown: sinkDown,
  PushOld: pushOld,
  PushRefused: pushRefused,
};

export const cases: readonly RuleCase[] = Object.entries(casesByAlert).flatMap(([alert, own]) =>
  own.map((ruleCase) => ({ alert, ...ruleCase })),
);
