/** Tests of the monthly price that the synthesis prints. */
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, it } from 'vitest';
import type { AlarmPlan, Contributors } from '../../infra/alarms/alarm-plan.ts';
import { countAlarms } from '../../infra/alarms/count-alarms.ts';
import { formatCost, estimateDeployed } from '../../infra/cost.ts';
import { assumeFleet } from '../../lambda/cost/fleet.ts';
import { computeMonthlyCost } from '../../lambda/cost/monthly-cost.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { configOf, synthesise, type Variant } from './synthesis.ts';

const fleet = { scopes: 1, queues: 10, pipelines: 10, runsAnHour: 2, jobsOfARun: 3, labelValues: 3 };

function collectorOf(variant: Variant, changed: Partial<CollectorConfig> = {}) {
  const { config, alarmPlans } = synthesise(configOf(variant)).stack.collector;
  return { config: { ...config, ...changed }, alarmPlans };
}

async function linesOf(variant: Variant, size = fleet) {
  return computeMonthlyCost(await estimateDeployed(collectorOf(variant), () => assumeFleet(size)));
}

describe('the price at the synthesis', () => {
  it('counts the metrics that are sent, each under the one name that it is published with', async () => {
    const text = await formatCost(collectorOf('minimal'));

    // Eight of Buildkite's own, and the starved jobs, of which it has no name.
    expect(text).toContain('Each further queue of buildkite 9 metrics, $2.80.');
    // Ten queues with nine each, three totals of Buildkite's eight, and one of the starved jobs.
    expect(text).toMatch(/custom metrics +\$34\.50 +115 metrics × \$0\.30/);
  });

  it('counts neutral names without the states that no API tells', async () => {
    const text = await formatCost(collectorOf('imported-secrets'));

    // Queued, running, blocked, starved, idle, busy, and their utilization.
    expect(text).toContain('queue of buildkite 7 metrics');
  });

  it('says what the most queues and pipelines that are allowed would cost', async () => {
    const text = await formatCost(collectorOf('minimal', { queuesPerMetric: 20_000 }));

    // 180,000 of queues and 25 others: 10,000 at $0.30, the rest at $0.10.
    expect(text).toContain(
      'At most 180,025 metrics, $20,003, with 20,000 queues (queuesPerMetric) and 500 pipelines (seriesPerMetric) a source.',
    );
  });

  it('tells of pipelines where a source counts their runs', async () => {
    expect(await formatCost(collectorOf('everything'))).toMatch(/further pipeline of \S+ \d+ metrics, \$\d/);
    expect(await formatCost(collectorOf('minimal'))).not.toContain('further pipeline');
  });

  it('counts nothing that a run would cost where the schedule is disabled', async () => {
    const { config, alarmPlans } = collectorOf('stateful');
    const deployment = { ...config.deployment, schedule: 'disabled' } as const;
    const stopped = { config: { ...config, deployment }, alarmPlans };

    const lines = computeMonthlyCost(await estimateDeployed(stopped, () => assumeFleet(fleet)));

    const costing = lines.filter(({ usd }) => usd !== 0).map(({ item }) => item);
    expect(costing).toContain('alarms on metrics');
    for (const item of ['custom metrics', 'function', 'log', 'table of counters']) expect(costing).not.toContain(item);
    expect(await formatCost(stopped)).toContain('The schedule is disabled (deployment.schedule)');
  });

  it('counts the address of a NAT gateway beside its hours', async () => {
    const nat = (await linesOf('vpc')).find(({ item }) => item === 'NAT gateway');

    // 730 × ($0.045 + $0.005)
    expect(nat?.usd).toBeCloseTo(36.5, 6);
  });

  it('has a line for everything that is charged, and its total', async () => {
    const items = (await linesOf('stateful')).map(({ item }) => item);

    expect(items).toEqual(
      expect.arrayContaining([
        'custom metrics',
        "collector's own metrics, from its log",
        'alarms on metrics',
        'alarms on all queues',
        'composite alarms',
        'dashboard',
        'function',
        'log',
        'schedule',
        'table of counters',
      ]),
    );
    expect((await formatCost(collectorOf('stateful'))).match(/^ {2}total/gm)).toHaveLength(1);
  });

  it('has the gateway of a VPC, the queue of events and the webhook only where there are any', async () => {
    const itemsOf = async (variant: Variant): Promise<string> =>
      (await linesOf(variant)).map(({ item }) => item).join('; ');

    expect(await itemsOf('vpc')).toContain('NAT gateway');
    expect(await itemsOf('minimal')).not.toMatch(/NAT|queue of events|webhook|table/);
    expect(await itemsOf('everything')).toMatch(/queue of events$/);
    expect(await itemsOf('workspace')).toMatch(/queue of events; function behind the webhook$/);
  });

  it('has the messages of alarms and the secrets of their receivers where somebody other than mail is told', async () => {
    const { config, alarmPlans } = collectorOf('minimal');
    const webhook = { url: 'https://e.example.com/', header: 'X', token: { secret: 'ci/receiver' } };
    const told = { config: { ...config, alarms: { ...config.alarms, webhook } }, alarmPlans };
    const secretsOf = (text: string): string | undefined => /^ +secrets? .*$/m.exec(text)?.[0];

    const text = await formatCost(told);

    expect(text).toMatch(/function behind the alarms +\$0\.00 +1,000 messages/);
    expect(text).toMatch(/messages of alarms +\$0\.00 +1,000 events × \$1\.00 a million, 1,000 requests/);
    expect(secretsOf(text)).toContain('2 × $0.40');
    const before = await formatCost({ config, alarmPlans });
    expect(before).not.toContain('messages of alarms');
    expect(secretsOf(before)).toContain('1 × $0.40');
  });

  it('tells of a deployment without a cloudwatch sink only its own metrics', async () => {
    const { config, alarmPlans } = collectorOf('minimal');
    const collector = { config: { ...config, sinks: [{ kind: 'stdout', name: 'stdout' }] }, alarmPlans };

    const lines = computeMonthlyCost(await estimateDeployed(collector, () => assumeFleet(fleet)));

    expect(lines.map(({ item }) => item)).not.toContain('custom metrics');
    // 6 of the source, 3 of the sink, problems of both, and the delay of the run.
    expect(lines.find(({ item }) => item.startsWith("collector's own"))?.basis).toBe('12 more metrics');
  });
});

describe('the number of alarms', () => {
  it('counts what an alarm looks at, and not the alarm', () => {
    const { alarms, alarmPlans } = synthesise(configOf('minimal')).stack.collector;
    const source = { name: 'buildkite', fleet: assumeFleet(fleet) };

    const count = countAlarms(alarmPlans, [source]);

    expect(count.scanned).toBe(10);
    expect(count.alarms + count.composite).toBe(alarms.length - 1);
    // The one on crashes compares starts with ends.
    expect(count.metrics).toBeGreaterThan(count.alarms);
  });

  it('counts the series that a query finds by what it is over, and by whose they are', () => {
    const metric = new MathExpression({ expression: 'SELECT MAX(Any) FROM SCHEMA(CI)', usingMetrics: {} });
    const plan = (contributors: Contributors): AlarmPlan => ({
      name: 'any',
      description: 'any',
      metric,
      when: 'above',
      threshold: 0,
      window: { bad: 1, of: 1 },
      silence: 'kept',
      contributors,
    });
    const fleets = [
      { name: 'a', fleet: assumeFleet({ ...fleet, queues: 10, pipelines: 3 }) },
      { name: 'b', fleet: assumeFleet({ ...fleet, queues: 20, pipelines: 4 }) },
    ];
    const countScanned = (contributors: Contributors): number =>
      countAlarms({ plans: [plan(contributors)], composites: [] }, fleets).scanned;

    expect(countScanned({ kind: 'queues', source: 'b' })).toBe(20);
    expect(countScanned({ kind: 'queues' })).toBe(30);
    expect(countScanned({ kind: 'workflows' })).toBe(7);
  });
});
