import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sourceUp } from '../../lambda/model/catalogue.ts';
import { seriesKey } from '../../lambda/model/order.ts';
import type { Collected } from '../../lambda/run.ts';
import { prepareSource, sources } from '../../lambda/sources/index.ts';
import { expectNoCanary } from '../support/canary.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { faultNamed, faults } from '../support/faults.ts';
import { startLoopbackServer } from '../support/loopback-server.ts';
import { untold } from '../support/told.ts';
import { contractPipeline } from './pipeline.ts';
import { sourceSubjects } from './subjects.ts';

/** Of which the sources have 60 %. What answers ends by itself long before, on a busy machine too. */
const budgetMs = 60_000;

/** For what never ends by itself. */
const endlessMs = 2500;

/** A source that stops needs a few turns of the event loop, however long they take; any wait would take thousands. */
const turnsToStop = 500;

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

function totalsIn({ parts }: Collected['batch']): readonly string[] {
  return parts
    .flatMap(({ families }) => families)
    .flatMap(({ type, definition, samples }) =>
      type === 'counter' ? samples.map(({ labels, total }) => [definition.name, seriesKey(labels), total]) : [],
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
    expect(batch.parts.flatMap(({ families }) => families)).toEqual([]);
    const up = batch.health.find(({ definition }) => definition.name === sourceUp.name);
    expect(up?.type === 'gauge' && up.samples.map(({ value }) => value)).toEqual([0]);
    expect(server.otherOrigin.requests).toEqual([]);
    expectNoCanary([outcomes, batch, pipeline.said()]);
  });

  it('stops at its deadline and hands over what it has', async () => {
    await using server = await startFaultServer(faultNamed('no answer'));
    await using pipeline = await contractPipeline({ sources: [subject.config(server.url)], sinks });

    const passing = new AbortController();
    let outcomes: Collected['sources'] | undefined;
    const collecting = pipeline.collect(budgetMs, passing.signal).then(({ sources: ended }) => (outcomes = ended));
    await expect.poll(() => server.requests.length).toBeGreaterThan(0);
    passing.abort(new DOMException('the deadline has passed', 'TimeoutError'));
    for (let turn = 0; turn < turnsToStop && outcomes === undefined; turn += 1) await setImmediate();
    const isInTime = outcomes !== undefined;
    await collecting;

    // After a grace the pipeline would have given up on it, and what it had read would be lost.
    expect(isInTime).toBe(true);
    expect(outcomes?.[0]?.problems.map((problem) => problem.kind)).toEqual(['timeout']);
  });

  it('emits declared metrics with declared labels, finite values and every series once', async () => {
    await using server = await startLoopbackServer(subject.healthy);
    const config = subject.config(server.url);
    await using pipeline = await contractPipeline({ sources: [config], sinks });

    const { batch } = await pipeline.collect(budgetMs);

    const declared = new Map(prepareSource({ ...config, kind }).metrics.map((metric) => [metric.name, metric]));
    const families = batch.parts.flatMap((part) => part.families);
    expect(families.length).toBeGreaterThan(0);
    for (const { definition, samples } of families) {
      const metric = declared.get(definition.name);
      expect(metric, `${definition.name} is declared`).toBeDefined();
      const keys = samples.map(({ labels }) => seriesKey(labels));
      expect(new Set(keys).size).toBe(keys.length);
      for (const { labels } of samples) {
        expect(Object.keys(labels).toSorted()).toEqual(metric?.labels.toSorted());
      }
    }
    const values = families
      .flatMap((family) => (family.type === 'gauge' ? family.samples : []))
      .map(({ value }) => value);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('takes a system in which nothing goes on for healthy', async () => {
    await using server = await startLoopbackServer(subject.empty);
    await using pipeline = await contractPipeline({ sources: [subject.config(server.url)], sinks });

    const { sources: outcomes } = await pipeline.collect(budgetMs);

    expect(outcomes[0]).toMatchObject({ status: 'complete', problems: [] });
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
