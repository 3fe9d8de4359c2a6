/** Tests of what a queue has cost in the table of a run. */
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../../lambda/cli/render/colour.ts';
import { renderQueues } from '../../../lambda/cli/render/queues.ts';
import { chooseSigns } from '../../../lambda/cli/render/signs.ts';
import { jobCost, workerCost } from '../../../lambda/model/catalogue/cost-metrics.ts';
import { mapQueueRows } from '../../../lambda/model/figures/queue-rows.ts';
import { buildCounter } from '../../../lambda/model/metric.ts';
import { fleet } from '../samples.ts';

const plain = { paint: createPaint({ isTty: false, variables: {}, isRefused: false }), signs: chooseSigns({}) };
const at = (queue: string) => ({ system: 'buildkite', source: 'main', scope: 'Cluster A', queue, currency: 'EUR' });
const counted = (value: number) => ({ increase: 0, total: { value, startMs: 0 } });

const ofJobs = buildCounter(jobCost, [
  { labels: at('default'), ...counted(7) },
  { labels: at('deploy'), ...counted(0.125) },
]);
const ofWorkers = buildCounter(workerCost, [
  { labels: { ...at('default'), state: 'idle' }, ...counted(4) },
  { labels: { ...at('default'), state: 'busy' }, ...counted(8.5) },
]);

function rowsWith(...families: readonly (typeof ofJobs)[]) {
  const [first, ...rest] = fleet.sources;
  if (first === undefined) throw new Error('the fleet has no source');
  return mapQueueRows({ ...fleet, sources: [{ ...first, families: [...first.families, ...families] }, ...rest] });
}

const costOf = (...families: readonly (typeof ofJobs)[]) =>
  rowsWith(...families).find(({ scope, queue }) => `${scope} ${queue}` === 'Cluster A default')?.cost;

describe('the cost of a queue', () => {
  it('is that of its workers where these are paid by the hour, and that of its jobs elsewhere', () => {
    const costs = new Map(rowsWith(ofJobs, ofWorkers).map(({ scope, queue, cost }) => [`${scope} ${queue}`, cost]));

    expect(costs.get('Cluster A default')).toEqual({ currency: 'EUR', paid: 12.5, idle: 4 });
    expect(costs.get('Cluster A deploy')).toEqual({ currency: 'EUR', paid: 0.125 });
    expect(costs.get('Cluster A docker')).toBeUndefined();
  });

  it('is that of its jobs where its workers have cost nothing', () => {
    const free = buildCounter(workerCost, [{ labels: { ...at('default'), state: 'idle' }, ...counted(0) }]);

    expect(costOf(ofJobs, free)).toEqual({ currency: 'EUR', paid: 7 });
    expect(costOf(free)).toEqual({ currency: 'EUR', paid: 0, idle: 0 });
  });

  it('is in the currency of now: the one that grows, or else the one that began last', () => {
    const usd = { ...at('default'), currency: 'USD' };
    const newer = buildCounter(jobCost, [{ labels: usd, increase: 0, total: { value: 3, startMs: 1 } }]);
    const growing = buildCounter(workerCost, [
      { labels: { ...at('default'), state: 'busy' }, increase: 1, total: { value: 8.5, startMs: 0 } },
    ]);

    expect(costOf(ofJobs, ofWorkers, newer)).toEqual({ currency: 'USD', paid: 3 });
    expect(costOf(ofJobs, growing, newer)).toEqual({ currency: 'EUR', paid: 8.5, idle: 0 });
  });

  it('has columns in the table, with a dash where nothing is known', () => {
    const [title, ...lines] = renderQueues(rowsWith(ofJobs, ofWorkers), plain);

    expect(title).toMatch(/ COST +OF IT IDLE +UTILISATION$/);
    expect(lines.find((line) => /^Cluster A +default /.test(line))).toMatch(/ 12\.50? EUR +4(?:\.00)? EUR /);
    expect(lines.find((line) => /^Cluster A +deploy /.test(line))).toMatch(/ 0\.13 EUR +– /);
    expect(lines.find((line) => /^Cluster A +docker /.test(line))).toMatch(/ – +– /);
  });

  it('has no column without prices, nor one of idle workers where none is paid by the hour', () => {
    expect(renderQueues(rowsWith(), plain)[0]).not.toContain('COST');
    expect(renderQueues(rowsWith(ofJobs), plain)[0]).toMatch(/ COST +UTILISATION$/);
  });
});
