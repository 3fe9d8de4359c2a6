/** What a stack costs a month, as the synthesis tells it. */
import { expectedDeployment } from '../lambda/cost/estimate-deployment.ts';
import { assumedFleet, type Fleet } from '../lambda/cost/fleet.ts';
import { type Deployed, monthlyCost, totalOf } from '../lambda/cost/monthly-cost.ts';
import { costTable } from '../lambda/cost/format-table.ts';
import { monthlyMetricCost } from '../lambda/sinks/cloudwatch/price.ts';
import { countAlarms } from './alarms/count-alarms.ts';
import type { CiMetricsCollector } from './ci-metrics-collector.ts';

type Stacked = Pick<CiMetricsCollector, 'config' | 'alarms'>;
type FleetOf = (source: string) => Fleet;

/** Everything that the price of the stack depends on. */
export async function deployedWith({ config, alarms }: Stacked, fleetOf: FleetOf): Promise<Deployed> {
  const fleets = config.sources.map(({ name }) => ({ name: String(name), fleet: fleetOf(String(name)) }));
  return await expectedDeployment(config, { fleetOf, alarms: countAlarms(alarms, fleets) });
}

/** Lines for the terminal: each item with its basis, and what more queues and pipelines would cost. */
export async function costText(stacked: Stacked): Promise<string> {
  const { fleet: setting } = stacked.config.deployment;
  const deployed = await deployedWith(stacked, () => assumedFleet(setting));
  const lines = monthlyCost(deployed);
  const { queues, pipelines } = setting;
  return [
    `A month at list price of us-east-1, with ${String(queues)} queues and ${String(pipelines)} pipelines a source (deployment.fleet), of which some runs and jobs succeed and some fail in each hour:`,
    ...costTable(lines).map((line) => `  ${line}`),
    ...(await growthLines(stacked, deployed)),
  ].join('\n');
}

interface Growth {
  readonly source: string;
  readonly noun: 'queue' | 'pipeline';
  readonly metrics: number;
  readonly usd: number;
  /** How many more are allowed. */
  readonly left: number;
}

async function growthLines(stacked: Stacked, deployed: Deployed): Promise<readonly string[]> {
  const growth = await growthOf(stacked, deployed);
  if (growth.length === 0) return [];
  const each = growth.map(
    ({ source, noun, metrics, usd }) => `${noun} of ${source} ${String(metrics)} metrics, $${usd.toFixed(2)}`,
  );
  const most = growth.reduce((sum, { metrics, left }) => sum + metrics * left, metricsOf(deployed));
  const { queuesPerMetric, seriesPerMetric } = stacked.config;
  return [
    `Each further ${each.join('; each further ')}.`,
    `At most ${grouped(most)} metrics, $${grouped(Math.round(monthlyMetricCost(most)))}, with ${grouped(queuesPerMetric)} queues (queuesPerMetric) and ${grouped(seriesPerMetric)} pipelines (seriesPerMetric) a source.`,
  ];
}

/** What one more of each would add, source by source; nothing is told of what has no metrics. */
async function growthOf(stacked: Stacked, deployed: Deployed): Promise<readonly Growth[]> {
  const { config } = stacked;
  const { fleet } = config.deployment;
  const steps = config.sources.flatMap(
    ({ name }) =>
      [
        {
          source: String(name),
          noun: 'queue',
          more: { ...fleet, queues: fleet.queues + 1 },
          left: config.queuesPerMetric - fleet.queues,
        },
        {
          source: String(name),
          noun: 'pipeline',
          more: { ...fleet, pipelines: fleet.pipelines + 1 },
          left: config.seriesPerMetric - fleet.pipelines,
        },
      ] as const,
  );
  const grown = await Promise.all(
    steps.map(async ({ source, noun, more, left }) => {
      const larger = await deployedWith(stacked, (name) => assumedFleet(name === source ? more : fleet));
      const metrics = metricsOf(larger) - metricsOf(deployed);
      const usd = totalOf(monthlyCost(larger)) - totalOf(monthlyCost(deployed));
      return { source, noun, metrics, usd, left: Math.max(0, left) };
    }),
  );
  return grown.filter(({ metrics }) => metrics > 0);
}

function metricsOf({ previews }: Deployed): number {
  return previews.reduce((sum, { preview }) => sum + (preview.customMetrics?.count ?? 0), 0);
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
