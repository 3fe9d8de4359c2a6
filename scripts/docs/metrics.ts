/** Writes `docs/metrics.md` from the catalogue and the registered sources. */
import { catalogue, ciMetrics } from '../../lambda/model/catalogue/catalogue.ts';
import { collectorMetrics } from '../../lambda/model/catalogue/collector-metrics.ts';
import { formatDimensionName } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { listWithCosts } from '../../lambda/sources/add-costs.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { compareText } from '../../lambda/model/families/order.ts';
import type { SourceKind } from '../../lambda/sources/index.ts';
import type { RegisteredSource } from '../../lambda/sources/source.ts';
import { code, generatedNote, table } from './table.ts';

const neutralNames: ReadonlySet<string> = new Set(catalogue.map(({ name }) => name));

/** `docs/metrics.md`: every metric there is, from the catalogue and from what the sources say they may emit. */
export function metricsPage(sources: readonly RegisteredSource[]): string {
  return `${[...introduction(), ...aboutCi(sources), ...aboutCollector(), ...sources.flatMap(beside)].join('\n\n')}\n`;
}

function introduction(): readonly string[] {
  return [
    generatedNote,
    '# Metrics',
    [
      'Every metric has a Prometheus name, which every sink but `cloudwatch` uses unless its settings choose other names, and a shape in CloudWatch.',
      'What is unknown is absent: a gap in a graph means that nothing was measured, 0 means that 0 was measured.',
      'A neutral percentage is a ratio from 0 to 1 in Prometheus and a percentage in CloudWatch.',
      'CloudWatch does not aggregate over dimensions, so a metric with several dimension sets is published once for each; `(none)` is a metric without dimensions.',
      'The statistic is the one that the dashboard and the alarms read.',
    ].join('\n'),
  ];
}

/** The places in which the names of queues and those of pipelines are unique; undefined for what is passed on as it was read. */
const scopes: Readonly<Record<SourceKind, readonly [queues: string, pipelines: string] | undefined>> = {
  'bitbucket-pipelines': ['workspace; for runners of a single repository the repository', 'repository'],
  buildkite: ['cluster, or `unclustered`', 'organization'],
  chainloop: ['has no queues', 'project'],
  'github-actions': ['organization', 'repository, as `owner/name`'],
  prometheus: undefined,
  tekton: ['namespace', 'namespace'],
};

function scopeTable(sources: readonly RegisteredSource[]): string {
  const places = new Map(Object.entries(scopes));
  const rows = sources.flatMap(({ kind, title }) => {
    const place = places.get(kind);
    return place === undefined ? [] : [[title, ...place]];
  });
  return table(['CI system', '`scope` of queues and jobs', '`scope` of pipelines and runs'], rows);
}

function aboutCi(sources: readonly RegisteredSource[]): readonly string[] {
  const metrics = inOrder(ciMetrics);
  return [
    '## Metrics about CI',
    [
      'The same names for every CI system.',
      'The CloudWatch namespace is the `namespace` of the sink, `CI` by default.',
      '`system` is the CI system, `source` the name that the configuration gives the connection, and `scope` the place in it where the names of queues or pipelines are unique:',
    ].join('\n'),
    scopeTable(sources),
    ...verdictRule,
    '### Prometheus names about CI',
    prometheusTable(metrics, (metric) => givenBy(metric, sources)),
    '### CloudWatch names about CI',
    cloudWatchTable(metrics),
  ];
}

const verdictRule: readonly string[] = [
  '### Which run gives the verdict',
  [
    'One rule holds for every CI system: **the verdict of a pipeline, on a branch, is that of the run that was created last** among those that came to one.',
    'A success, a failure, an error and a timeout are verdicts; a cancelled or skipped run and one whose state nobody knows are none.',
    'Of several attempts of one run, which share its creation, the one that ended last counts.',
  ].join('\n'),
  [
    'The newest run has the newest code.',
    'An old run that ends late, because it waited, hung or expired, says nothing about that code and must neither hide its failure nor break what it repaired; the CI systems’ own badges and `chainloop_workflow_up` go by the creation, too.',
  ].join('\n'),
  [
    '- `ci_run_last_result` is 1 or 0 by that run, and `ci_run_last_finished_timestamp_seconds` is when it ended.',
    '- `ci_run_last_success_timestamp_seconds` is when the newest of the successful runs ended; while the result is 1, both times are the same.',
    '- `chainloop_workflow_up` and `ci_workflow_down_seconds` are by the same run, with one difference that is Chainloop’s own: there a cancelled run counts as down.',
  ].join('\n'),
];

function aboutCollector(): readonly string[] {
  const metrics = inOrder(collectorMetrics);
  return [
    '## Metrics of the collector itself',
    [
      'Published in every run, whatever failed.',
      'In AWS the function logs them in embedded metric format to the namespace `collectorNamespace`, `CI/Collector` by default, so that they arrive even when every sink fails.',
    ].join('\n'),
    '### Prometheus names of the collector',
    prometheusTable(metrics),
    '### CloudWatch names of the collector',
    cloudWatchTable(metrics),
  ];
}

/** What a source has beside the catalogue: its own metrics, a vendor's names, and what it makes of relayed pages. */
function beside({ title, kind, metrics }: RegisteredSource): readonly string[] {
  const own = inOrder(metrics.filter(({ name }) => !neutralNames.has(name)));
  const measures = own.filter(({ reduced }) => reduced === true);
  const specific = own.filter(({ name, reduced }) => reduced !== true && name.startsWith('ci_'));
  const vendor = own.filter(({ name, reduced }) => reduced !== true && !name.startsWith('ci_'));
  return [
    ...section(`Metrics of ${title} alone`, specific, [
      `A source of kind ${code(kind)} also publishes these; no other CI system tells them.`,
    ]),
    ...section(`Names of ${title}'s own tool`, vendor, [
      `A source of kind ${code(kind)} with \`compat: true\` also publishes exactly these, so that existing dashboards and alarms keep working.`,
      'Names, labels, units and rounding are those of the existing tool.',
    ]),
    ...leftOut(title, vendor),
    ...section('Measures of the ready-made profiles', measures, [
      `What a source of kind ${code(kind)} makes of a profile's page for sinks that keep no series, such as CloudWatch.`,
      'Sinks that keep series get the page itself.',
    ]),
  ];
}

function section(
  title: string,
  metrics: readonly MetricDefinition[],
  introduction: readonly string[],
): readonly string[] {
  if (metrics.length === 0) return [];
  const inSentence = `${title.charAt(0).toLowerCase()}${title.slice(1)}`;
  return [
    `## ${title}`,
    introduction.join('\n'),
    `### In Prometheus: ${inSentence}`,
    prometheusTable(metrics),
    `### In CloudWatch: ${inSentence}`,
    cloudWatchTable(metrics),
  ];
}

/** The twin would only cost money; Prometheus sinks publish both. */
function leftOut(title: string, metrics: readonly MetricDefinition[]): readonly string[] {
  const rows = metrics.flatMap(({ name, cloudWatch, replaces }) =>
    replaces === undefined
      ? []
      : [[seriesOf(replaces.metric, replaces.labels), cloudWatchNames(cloudWatch.name).join(', '), code(name)]],
  );
  if (rows.length === 0) return [];
  const text = [
    'Each custom metric of CloudWatch has a price, so a neutral series that a published vendor metric repeats is not sent to CloudWatch.',
    'Prometheus sinks get both.',
  ].join('\n');
  return [
    `### What CloudWatch leaves out with ${title}'s names`,
    `${text}\n\n${table(['Left out in CloudWatch', 'In favour of', 'Prometheus name of that'], rows)}`,
  ];
}

function seriesOf(metric: string, labels: Readonly<Record<string, string>> | undefined): string {
  const selected = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${value}"`);
  return code(selected.length === 0 ? metric : `${metric}{${selected.join(', ')}}`);
}

function prometheusTable(
  metrics: readonly MetricDefinition[],
  givenByText?: (metric: MetricDefinition) => string,
): string {
  const extra = givenByText === undefined ? [] : ['Given by'];
  const rows = metrics.map((metric) => [
    code(metric.name),
    metric.type,
    unitText(metric),
    metric.labels.map((label) => labelText(metric, label)).join(', '),
    ...(givenByText === undefined ? [] : [givenByText(metric)]),
    metric.help,
  ]);
  return table(['Name', 'Type', 'Unit', 'Labels', ...extra, 'Meaning'], rows);
}

function unitText({ unit }: MetricDefinition): string {
  if (unit === 'ratio') return 'ratio (0 to 1)';
  return unit === 'timestamp' ? 'seconds since 1970' : unit;
}

function labelText({ enumerated }: MetricDefinition, label: string): string {
  const values = enumerated?.[label];
  return values === undefined ? code(label) : `${code(label)} (${values.join(', ')})`;
}

function givenBy({ name }: MetricDefinition, sources: readonly RegisteredSource[]): string {
  const titles = sources
    .filter(({ metrics }) => listWithCosts(metrics).some((metric) => metric.name === name))
    .map(({ title }) => title);
  return titles.length === 0 ? 'none yet' : titles.join(', ');
}

function cloudWatchTable(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(({ name, cloudWatch }) => [
    cloudWatchNames(cloudWatch.name).join(', '),
    namespaceText(cloudWatch.namespace),
    cloudWatch.conversion === 'age' ? `${cloudWatch.unit} before the run` : cloudWatch.unit,
    cloudWatch.dimensionSets.map(dimensionsText).join(' and ') || 'not published',
    cloudWatch.statistic,
    code(name),
  ]);
  return table(['Metric', 'Namespace', 'Unit', 'Dimensions', 'Statistic', 'From'], rows);
}

function cloudWatchNames(name: MetricDefinition['cloudWatch']['name']): readonly string[] {
  if (typeof name === 'string') return [code(name)];
  return Object.entries(name.names).map(([value, metric]) => `${code(metric)} (${name.label} ${value})`);
}

function namespaceText(namespace: MetricDefinition['cloudWatch']['namespace']): string {
  if (namespace === 'neutral') return code('CI');
  return code(namespace === 'collector' ? 'CI/Collector' : namespace.vendor);
}

function dimensionsText(set: readonly string[]): string {
  return set.length === 0 ? '(none)' : `[${set.map(formatDimensionName).join(', ')}]`;
}

function inOrder(metrics: readonly MetricDefinition[]): readonly MetricDefinition[] {
  return [...metrics].sort((a, b) => compareText(a.name, b.name));
}
