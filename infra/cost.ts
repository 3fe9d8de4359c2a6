/** What a stack costs a month, as the synthesis tells it. */
import { groupDigits } from '../lambda/model/text/wording.ts';
import { estimateDeployment } from '../lambda/cost/estimate-deployment.ts';
import { assumeFleet, type Fleet } from '../lambda/cost/fleet.ts';
import { type PricedDeployment, computeMonthlyCost, sumCost } from '../lambda/cost/monthly-cost.ts';
import { isRunning } from '../lambda/cost/lines/runs-a-month.ts';
import { formatCostTable } from '../lambda/cost/format-table.ts';
import { priceMetrics } from '../lambda/sinks/cloudwatch/price.ts';
import { countAlarms } from './alarms/count-alarms.ts';
import type { CiMetricsCollector } from './ci-metrics-collector.ts';

type Stacked = Pick<CiMetricsCollector, 'config' | 'alarmPlans'>;
type FleetOf = (source: string) => Fleet;

/** Everything that the price of the stack depends on. */
export async function estimateDeployed({ config, alarmPlans }: Stacked, fleetOf: FleetOf): Promise<PricedDeployment> {
  const fleets = config.sources.map(({ name }) => ({ name: String(name), fleet: fleetOf(String(name)) }));
  return await estimateDeployment(config, { fleetOf, alarms: countAlarms(alarmPlans, fleets) });
}

/** Lines for the terminal: each item with its basis, and what more queues and pipelines would cost. */
export async function formatCost(stacked: Stacked): Promise<string> {
  const { fleet: setting } = stacked.config.deployment;
  const deployed = await estimateDeployed(stacked, () => assumeFleet(setting));
  const lines = computeMonthlyCost(deployed);
  const { queues, pipelines } = setting;
  return [
    `A month at list price of us-east-1, with ${String(queues)} queues and ${String(pipelines)} pipelines a source (deployment.fleet), of which some runs and jobs succeed and some fail in each hour:`,
    ...formatCostTable(lines).map((line) => `  ${line}`),
    ...(isRunning(stacked.config)
      ? await describeGrowth(stacked, deployed)
      : [
          'The schedule is disabled (deployment.schedule): nothing runs and nothing is sent, so only what stands has a price.',
        ]),
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

async function describeGrowth(stacked: Stacked, deployed: PricedDeployment): Promise<readonly string[]> {
  const growth = await estimateGrowth(stacked, deployed);
  if (growth.length === 0) return [];
  const each = growth.map(
    ({ source, noun, metrics, usd }) => `${noun} of ${source} ${String(metrics)} metrics, $${usd.toFixed(2)}`,
  );
  const most = growth.reduce((sum, { metrics, left }) => sum + metrics * left, countMetrics(deployed));
  const { queuesPerMetric, seriesPerMetric } = stacked.config;
  return [
    `Each further ${each.join('; each further ')}.`,
    `At most ${groupDigits(most)} metrics, $${groupDigits(Math.round(priceMetrics(most)))}, with ${groupDigits(queuesPerMetric)} queues (queuesPerMetric) and ${groupDigits(seriesPerMetric)} pipelines (seriesPerMetric) a source.`,
  ];
}

/** What one more of each would add, source by source; nothing is told of what has no metrics. */
async function estimateGrowth(stacked: Stacked, deployed: PricedDeployment): Promise<readonly Growth[]> {
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
      const larger = await estimateDeployed(stacked, (name) => assumeFleet(name === source ? more : fleet));
      const metrics = countMetrics(larger) - countMetrics(deployed);
      const usd = sumCost(computeMonthlyCost(larger)) - sumCost(computeMonthlyCost(deployed));
      return { source, noun, metrics, usd, left: Math.max(0, left) };
    }),
  );
  return grown.filter(({ metrics }) => metrics > 0);
}

function countMetrics({ previews }: PricedDeployment): number {
  return previews.reduce((sum, { preview }) => sum + (preview.customMetrics?.count ?? 0), 0);
}
