/** What each sink does in a whole run when its backend fails, and that its preview is what it then sends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sinks } from '../../lambda/sinks/index.ts';
import { sinkUp } from '../../lambda/model/catalogue/collector-metrics.ts';
import { expectNoCanary } from '../support/canary.ts';
import { startFaultServer } from '../support/network/fault-server.ts';
import { faultNamed, faults } from '../support/network/faults.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';
import { untold } from '../support/problem-texts.ts';
import { contractPipeline } from './pipeline.ts';
import { sinkSubjects, sourceSubjects } from './subjects.ts';

/** Of which delivery has at least 40 %. What answers ends by itself long before, on a busy machine too. */
const budgetMs = 60_000;

/** For what never ends by itself. */
const endlessMs = 4000;

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-contract-'));
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const kinds = sinks.map(({ kind }) => kind);
const networked = kinds.filter((kind) => sinkSubjects[kind].healthy !== undefined);

describe.each(networked)('the sink %s', (kind) => {
  const subject = sinkSubjects[kind];

  it.each(faults.map(({ name }) => name))('reports "%s" and leaves the other sinks alone', async (name) => {
    const fault = faultNamed(name);
    const usual = fault.sink === undefined ? [] : [fault.sink];
    const allowed = subject.differs?.[name] ?? usual;
    await using server = await startFaultServer(fault);
    await using ci = await startLoopbackServer(sourceSubjects.buildkite.healthy);
    vi.stubEnv('AWS_ENDPOINT_URL', server.url);
    await using pipeline = await contractPipeline({
      sources: [sourceSubjects.buildkite.config(ci.url)],
      sinks: [subject.config(server.url, folder), { kind: 'stdout', name: 'other' }],
    });

    const report = await pipeline.run(allowed.includes('timeout') ? endlessMs : budgetMs);

    const [outcome, other] = report.sinks;
    const found = [...new Set(outcome?.problems.map((problem) => problem.kind))];
    expect(allowed).toEqual(expect.arrayContaining(found));
    expect(found.length).toBe(Math.min(allowed.length, 1));
    expect(untold(outcome?.problems ?? [])).toEqual([]);
    expect(other).toMatchObject({ problems: [] });
    expect(other?.accepted).toBeGreaterThan(0);
    expect(server.otherOrigin.requests).toEqual([]);
    expectNoCanary([report, pipeline.said()]);
  });

  it('tells the other sinks in the next run that it failed', async () => {
    await using server = await startFaultServer(faultNamed('401'));
    await using ci = await startLoopbackServer(sourceSubjects.buildkite.healthy);
    vi.stubEnv('AWS_ENDPOINT_URL', server.url);
    await using pipeline = await contractPipeline({
      sources: [sourceSubjects.buildkite.config(ci.url)],
      sinks: [subject.config(server.url, folder), { kind: 'stdout', name: 'other' }],
    });

    const first = await pipeline.run(budgetMs);
    await pipeline.run(budgetMs, first);

    expect(JSON.stringify(pipeline.said())).toContain(`${sinkUp.name}{sink=\\"${kind}\\"} 0`);
  });
});

describe.each(kinds)('the sink %s in good health', (kind) => {
  const subject = sinkSubjects[kind];

  it('accepts everything and previews what it sends', async () => {
    const { healthy, facts } = subject;
    await using server = await (healthy === undefined
      ? facts.startReceiver({}, { folder, printed: [] })
      : startLoopbackServer(healthy));
    await using ci = await startLoopbackServer(sourceSubjects.buildkite.healthy);
    vi.stubEnv('AWS_ENDPOINT_URL', server.url);
    await using pipeline = await contractPipeline({
      sources: [sourceSubjects.buildkite.config(ci.url)],
      sinks: [subject.config(server.url, folder)],
    });

    const { batch } = await pipeline.collect(budgetMs);
    const preview = await pipeline.built.pipeline.sinks[0]?.sink.preview(batch);
    const requestsOfPreview = 'requests' in server ? server.requests.length : 0;
    const report = await pipeline.run(budgetMs);

    expect(requestsOfPreview).toBe(0);
    expect(report.sinks[0]).toMatchObject({ problems: [], accepted: preview?.samples });
    expect(preview?.lines.length).toBeGreaterThan(0);
    expect(preview?.problems).toEqual([]);
  });
});
