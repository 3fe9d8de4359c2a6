/** The tables of `docs/deploying.md` about the price of a deployment, by the same model as the synthesis. */
import { App } from 'aws-cdk-lib/core';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { estimateDeployed } from '../../infra/cost.ts';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { assumeFleet } from '../../lambda/cost/fleet.ts';
import { computeMonthlyCost, sumCost } from '../../lambda/cost/monthly-cost.ts';
import type { CostLine } from '../../lambda/sinks/sink.ts';
import { alignedTable } from './table.ts';

const sizes = [5, 50, 500] as const;
const sizesByOtlp = [50, 500, 10_000] as const;

const agentTokens = [{ secret: 'ci-metrics/buildkite' }];
const neutral = { kind: 'buildkite', agentTokens, compat: false };
const buildkite = { kind: 'buildkite', agentTokens };
const withBuilds = { ...buildkite, apiToken: { secret: 'ci-metrics/buildkite-api' } };
const cloudwatch = { kind: 'cloudwatch' };
const byOtlp = { kind: 'otlp', preset: 'cloudwatch', auth: { sigv4: { region: 'us-east-1' } } };
const threeMetrics = {
  ...cloudwatch,
  metrics: { include: ['ScheduledJobsCount', 'RunningJobsCount', 'StarvedJobs'] },
  bareTotals: 'omit',
};
const amazonPrometheus = {
  kind: 'remote-write',
  url: 'https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write',
  auth: { sigv4: { region: 'us-east-1' } },
};

interface Deployment {
  readonly label: string;
  readonly source: object;
  readonly sink: object;
}

const shipped: Deployment = {
  label: "Buildkite's names and what they lack (`compat: true`, the default)",
  source: buildkite,
  sink: cloudwatch,
};

const deployments: readonly Deployment[] = [
  shipped,
  { label: 'neutral names only (`compat: false`)', source: neutral, sink: cloudwatch },
  { label: 'three metrics a queue (below)', source: buildkite, sink: threeMetrics },
  {
    label: 'with waits, builds and jobs (`apiToken`), as many pipelines as queues',
    source: withBuilds,
    sink: cloudwatch,
  },
  {
    label: 'no `cloudwatch` sink, but remote write to Amazon Managed Prometheus',
    source: buildkite,
    sink: amazonPrometheus,
  },
];

// Once, for everybody who asks: the pages are made of ready texts.
const priced = await Promise.all(
  deployments.map(async ({ label, source, sink }) => ({ label, bills: await billsOf(source, sink, sizes) })),
);
const compared = {
  cloudwatch: await billsOf(buildkite, cloudwatch, sizesByOtlp),
  otlp: await billsOf(buildkite, byOtlp, sizesByOtlp),
};

/** By item for the shipped configuration, and in total for what people publish in its place. */
export function costTables(): string {
  const head = ['US dollars a month', ...sizes.map((queues) => `${String(queues)} queues`)];
  return [
    'By item, as the shipped configuration deploys it:',
    alignedTable(head, itemRows()),
    'In total, by what is published:',
    alignedTable(
      head,
      priced.map(({ label, bills }) => [label, ...bills.map((lines) => usd(sumCost(lines)))]),
    ),
  ].join('\n\n');
}

/** The two ways into CloudWatch, as far as there are prices. */
export function otlpCostTable(): string {
  const head = ['a month', ...sizesByOtlp.map((queues) => `${queues.toLocaleString('en-US')} queues`)];
  const totals = compared.cloudwatch.map(sumCost);
  const known = compared.otlp.map(sumCost);
  const gigabytes = compared.otlp.map(gigabytesIn);
  return alignedTable(head, [
    ['`cloudwatch`: custom metrics', ...compared.cloudwatch.map((lines) => countIn(basisOf(lines, 'custom metrics')))],
    ['`cloudwatch`: total in US dollars', ...totals.map(usd)],
    ['`otlp`: GB, before compression', ...gigabytes.map(usd)],
    ['`otlp`: US dollars without GB and PromQL alarms', ...known.map(usd)],
    [
      'both cost the same at so many US dollars a GB',
      ...gigabytes.map((amount, index) => usd(((totals[index] ?? 0) - (known[index] ?? 0)) / amount)),
    ],
  ]);
}

function gigabytesIn(lines: readonly CostLine[]): number {
  const text = /about ([\d.]+) GB/.exec(basisOf(lines, 'CloudWatch, ingestion by OTLP'))?.[1];
  if (text === undefined) throw new Error('the line about ingestion by OTLP names no gigabytes');
  return Number(text);
}

function basisOf(lines: readonly CostLine[], item: string): string {
  return lines.find((line) => line.item === item)?.basis ?? '';
}

async function billsOf(
  source: object,
  sink: object,
  queueCounts: readonly number[],
): Promise<readonly (readonly CostLine[])[]> {
  const config = CollectorConfig.parse({ sources: [source], sinks: [sink] });
  const code = lambda.Code.fromInline('export const handler = () => undefined;');
  const { collector } = new CiMetricsStack(new App(), 'cost', {
    config,
    settings: { code },
    // Alarms on what is stored by OTLP need to know that it is in their Region.
    env: { region: 'us-east-1' },
  });
  return await Promise.all(
    queueCounts.map(async (queues) => {
      const fleet = assumeFleet({ ...config.deployment.fleet, queues, pipelines: queues });
      return computeMonthlyCost(await estimateDeployed(collector, () => fleet));
    }),
  );
}

function itemRows(): readonly (readonly string[])[] {
  const bills = priced.find(({ label }) => label === shipped.label)?.bills ?? [];
  const items = bills[0]?.map(({ item }) => item) ?? [];
  const linesOf = (item: string): readonly (CostLine | undefined)[] =>
    bills.map((lines) => lines.find((line) => line.item === item));
  return [
    ['custom metrics (number)', ...linesOf('custom metrics').map((line) => countIn(line?.basis ?? ''))],
    ...items.map((item) => [item, ...linesOf(item).map((line) => usd(line?.usd ?? 0))]),
    ['**total**', ...bills.map((lines) => `**${usd(sumCost(lines))}**`)],
  ];
}

/** `4,525 metrics × $0.30`, or the sum of its tiers. */
function countIn(basis: string): string {
  const counts = [...basis.matchAll(/([\d,]+) metrics/g)].map(([, count = '']) => Number(count.replaceAll(',', '')));
  return counts.reduce((sum, count) => sum + count, 0).toLocaleString('en-US');
}

function usd(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
