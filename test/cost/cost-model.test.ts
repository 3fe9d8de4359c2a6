/** Tests that the cost model gives the price of what AWS received in simulated runs. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { estimateDeployment } from '../../lambda/cost/estimate-deployment.ts';
import { estimateLogSize } from '../../lambda/cost/lines/log-size.ts';
import { type PricedDeployment, computeMonthlyCost, sumCost } from '../../lambda/cost/monthly-cost.ts';
import { priceOfReceived } from './price-of-received.ts';
import { observe } from './received.ts';
import {
  simulatedBitbucket,
  simulatedBuildkite,
  simulatedChainloop,
  simulatedPage,
  simulatedTekton,
  type SimulatedSystem,
} from './systems.ts';

afterEach(() => {
  vi.useRealTimers();
});

const hourMs = 3_600_000;

/** Some hours ago: CloudWatch takes the timestamps, and the last run is not in the future. */
const startMs = Math.floor(Date.now() / hourMs) * hourMs - 4 * hourMs;

/** The first runs are not counted: a source publishes more once it knows what there is. */
const warmUpRuns = 5;

interface Case {
  readonly name: string;
  readonly start: () => Promise<SimulatedSystem>;
  /** Enough for each pipeline to end in each of its ways. */
  readonly runs: number;
  /** Whether each run sends the same, and so little that nothing is compressed: then the bytes can be foretold. */
  readonly isEven?: boolean;
}

const cases: readonly Case[] = [
  { name: 'Buildkite, queues only', start: () => simulatedBuildkite(startMs, 'queues'), runs: 20 },
  {
    name: 'Buildkite, queues only, by neutral names',
    start: () => simulatedBuildkite(startMs, 'queues', { compat: false }),
    runs: 20,
    isEven: true,
  },
  { name: 'Buildkite with builds and jobs', start: () => simulatedBuildkite(startMs, 'builds'), runs: 30 },
  { name: 'Bitbucket', start: () => simulatedBitbucket(startMs), runs: 45 },
  { name: 'Tekton', start: () => simulatedTekton(startMs), runs: 60 },
  { name: 'Chainloop', start: () => simulatedChainloop(startMs), runs: 60 },
  {
    name: 'Chainloop by neutral names',
    start: () => simulatedChainloop(startMs, { compat: false }),
    runs: 60,
  },
  { name: 'Prometheus', start: () => simulatedPage(), runs: 20, isEven: true },
];

describe.each(cases)('the price of $name', ({ start, runs, isEven = false }) => {
  it('is that of what AWS received', async () => {
    await using system = await start();
    const config = CollectorConfig.parse({ sources: [system.source], sinks: [{ kind: 'cloudwatch' }] });
    const deployed = await estimateDeployment(config, { fleetOf: () => system.fleet, alarms: undefined });

    const received = await observe({ config, system, startMs, warmUpRuns, runs });

    const { previews, report } = deployed;
    const log = estimateLogSize(report, config);
    const sumOf = (what: 'requests' | 'bytes'): number => previews.reduce((sum, { preview }) => sum + preview[what], 0);
    expect(runs * sumOf('requests')).toBe(received.requests);
    if (isEven) expectNear(runs * sumOf('bytes'), received.bytes);
    expectNear(sentMetrics(deployed), received.metrics.size);
    expectNear(log.metrics, received.logged.size);
    expectNear(runs * log.bytes, received.logBytes);
    const lines = computeMonthlyCost(deployed);
    const paid = priceOfReceived(received, config);
    expectNear(sumCost(lines), paid.total);
    expectNear(usdOf(lines, /^secrets?$/), paid.secrets);
    const documents = needsState(deployed) ? 2 : 0;
    expect([received.table.reads, received.table.writes]).toEqual([documents * runs, documents * runs]);
    // How large a document is depends on what a source remembers beside its totals, and is estimated.
    expectNear(usdOf(lines, /table/), paid.table, 0.35);
  });
});

/** The state of the source and the outbox of the sink. */
function needsState({ stateBytes }: PricedDeployment): boolean {
  return stateBytes.length > 0;
}

function sentMetrics({ previews }: PricedDeployment): number {
  return previews.reduce((sum, { preview }) => sum + (preview.customMetrics?.count ?? 0), 0);
}

function usdOf(lines: ReturnType<typeof computeMonthlyCost>, item: RegExp): number {
  return sumCost(lines.filter((line) => item.test(line.item)));
}

/** The model may be wrong by so much of what was received. */
const tolerance = 0.02;

function expectNear(modelled: number, received: number, share = tolerance): void {
  expect(modelled).toBeGreaterThanOrEqual(received * (1 - share));
  expect(modelled).toBeLessThanOrEqual(received * (1 + share));
}
