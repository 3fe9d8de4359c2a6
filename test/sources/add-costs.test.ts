/** Tests of which sources publish costs, and which need memory for them. */
import { describe, expect, it } from 'vitest';
import { jobCost, pipelineCost, workerCost } from '../../lambda/model/catalogue/cost-metrics.ts';
import { Prices } from '../../lambda/settings/prices.ts';
import { prepareSource } from '../../lambda/sources/prepare-source.ts';

const agents = { kind: 'buildkite', name: 'ci', agentTokens: [{ secret: 'ci/buildkite' }] };
const builds = { ...agents, organization: 'acme', apiToken: { secret: 'ci/buildkite', key: 'api' } };
const page = { kind: 'prometheus', name: 'page', targets: [{ url: 'https://host:9090/metrics' }] };

function costsOf(source: object, ...queues: readonly object[]) {
  const prices = queues.length === 0 ? undefined : Prices.parse({ currency: 'USD', queues });
  const { metrics, needsState } = prepareSource({ ...source }, prices);
  const costs = [jobCost, pipelineCost, workerCost].filter((metric) => metrics.includes(metric));
  return { costs: costs.map(({ name }) => name), needsState };
}

const byWorker = { queue: '*', per: 'worker-hour', price: 1 };
const byUse = { queue: '*', per: 'busy-hour', price: 1 };

describe('the costs of a source', () => {
  it('are none without prices, nor of a source that tells neither jobs nor workers', () => {
    expect(costsOf(builds).costs).toEqual([]);
    expect(costsOf(page, byWorker).costs).toEqual([]);
  });

  it('are those of its jobs, and of its workers where these are paid by the hour', () => {
    expect(costsOf(builds, byUse).costs).toEqual([jobCost.name, pipelineCost.name]);
    expect(costsOf(builds, byUse, byWorker).costs).toEqual([jobCost.name, pipelineCost.name, workerCost.name]);
  });

  it('of workers alone need memory, which levels do not', () => {
    expect(costsOf(agents).needsState).toBe(false);
    expect(costsOf(agents, byUse)).toEqual({ costs: [], needsState: false });
    expect(costsOf(agents, byWorker)).toEqual({ costs: [workerCost.name], needsState: true });
  });

  it('are none where the prices are for another source', () => {
    expect(costsOf(agents, { ...byWorker, source: 'other-*' })).toEqual({ costs: [], needsState: false });
    expect(costsOf(agents, { ...byWorker, source: 'c?' }).costs).toEqual([workerCost.name]);
  });
});
