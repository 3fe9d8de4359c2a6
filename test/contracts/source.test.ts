/** What the sources do in a whole run, beside others; the rules of each stand in sources/rules.ts. */
import { describe, expect, it } from 'vitest';
import { sourceUp } from '../../lambda/model/catalogue/collector-metrics.ts';
import { formatSeriesKey } from '../../lambda/model/families/order.ts';
import type { Collected } from '../../lambda/run.ts';
import { sources } from '../../lambda/sources/index.ts';
import { expectNoCanary } from '../support/canary.ts';
import { startFaultServer } from '../support/network/fault-server.ts';
import { faultNamed, faults } from '../support/network/faults.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';
import { untold } from '../support/problem-texts.ts';
import { contractPipeline } from './pipeline.ts';
import { sourceSubjects } from './subjects.ts';

/** Of which the sources have 60 %. What answers ends by itself long before, on a busy machine too. */
const budgetMs = 60_000;

/** For what never ends by itself. */
const endlessMs = 2500;

const sinks = [{ kind: 'stdout' }];

/** Figures of a relay are the target's: what it does not show now is not known. */
const counting = ['bitbucket-pipelines', 'chainloop', 'tekton'] as const;

describe.each(counting)('the source %s, while it has to wait', (kind) => {
  it.each(['429 with Retry-After', '429 without Retry-After'] as const)('keeps its totals: %s', async (name) => {
    const subject = sourceSubjects[kind];
    const { respond } = faultNamed(name);
    let isThrottled = false;
    await using server = await startLoopbackServer((request, response) => {
      if (isThrottled) respond(request, response, { otherOrigin: '' });
      else subject.healthy(request, response);
    });
    await using pipeline = await contractPipeline({ sources: [subject.config(server.url)], sinks });
    await pipeline.run(budgetMs);
    const { batch: before } = await pipeline.collect(budgetMs);

    isThrottled = true;
    const { batch, sources: outcomes } = await pipeline.collect(budgetMs);

    expect(outcomes[0]?.problems.map((problem) => problem.kind)).toEqual(['rate-limited']);
    expect(totalsIn(before).length).toBeGreaterThan(0);
    expect(totalsIn(batch)).toEqual(totalsIn(before));
  });
});

function totalsIn({ sources: parts }: Collected['batch']): readonly string[] {
  return parts
    .flatMap(({ families }) => families)
    .flatMap(({ type, definition, samples }) =>
      type === 'counter' ? samples.map(({ labels, total }) => [definition.name, formatSeriesKey(labels), total]) : [],
    )
    .map((total) => JSON.stringify(total))
    .toSorted();
}

describe.each(sources.map(({ kind }) => kind))('the source %s', (kind) => {
  const subject = sourceSubjects[kind];

  it.each(faults.map(({ name }) => name))('reports "%s" as a problem and publishes its failure only', async (name) => {
    const fault = faultNamed(name);
    await using server = await startFaultServer(fault);
    await using pipeline = await contractPipeline({ sources: [subject.config(server.url)], sinks });

    const { batch, sources: outcomes } = await pipeline.collect(fault.source === 'timeout' ? endlessMs : budgetMs);

    const [outcome] = outcomes;
    expect(outcome?.problems.map((problem) => problem.kind)).toEqual([fault.source]);
    expect(untold(outcome?.problems ?? [])).toEqual([]);
    expect(batch.sources.flatMap(({ families }) => families)).toEqual([]);
    const up = batch.health.find(({ definition }) => definition.name === sourceUp.name);
    expect(up?.type === 'gauge' && up.samples.map(({ value }) => value)).toEqual([0]);
    expect(server.otherOrigin.requests).toEqual([]);
    expectNoCanary([outcomes, batch, pipeline.said()]);
  });

  it('costs nothing but its own data when it fails beside a healthy one', async () => {
    await using broken = await startFaultServer(faultNamed('500'));
    await using healthy = await startLoopbackServer(subject.healthy);
    const both = [
      { ...subject.config(broken.url), name: 'broken' },
      { ...subject.config(healthy.url), name: 'healthy' },
    ];
    await using pipeline = await contractPipeline({ sources: both, sinks });

    const report = await pipeline.run(budgetMs);

    expect(report.outcome).toBe('degraded');
    expect(report.sources.map(({ name, status }) => [name, status])).toEqual([
      ['broken', 'failed'],
      ['healthy', 'complete'],
    ]);
    expect(report.sinks[0]?.accepted).toBeGreaterThan(0);
  });
});
