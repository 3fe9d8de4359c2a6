/** Tries the examination of every sink in good health. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { examineSinks } from '../../lambda/doctor/checks/examine-sinks.ts';
import type { Finding } from '../../lambda/model/finding.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { type SinkKind, sinks } from '../../lambda/sinks/index.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import type { Receiver } from '../contracts/sinks/facts.ts';
import { sinkSubjects, sourceSubjects } from '../contracts/subjects.ts';
import { expectNoCanary } from '../support/canary.ts';
import { startFaultServer } from '../support/network/fault-server.ts';
import { faultNamed } from '../support/network/faults.ts';

const kinds = sinks.map(({ kind }) => kind);

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-doctor-'));
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'aws-secret-of-the-test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function examineAt(kind: SinkKind, url: string, budgetMs: number): Promise<readonly Finding[]> {
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.buildkite.config('http://127.0.0.1:1')],
    sinks: [sinkSubjects[kind].config(url, folder)],
  });
  using deadline = createDeadline(budgetMs, Date.now);
  const findings = await examineSinks(pipeline.built.pipeline, { deadline, nodeVersion: '', writes: 'harmless' });
  expectNoCanary([findings, pipeline.said()]);
  return findings;
}

const budgetMs = 60_000;
/** For servers that never answer. */
const endlessMs = 1500;
/** Those that ask a server by the HTTP port. */
const answering: readonly SinkKind[] = ['datadog', 'google-cloud-monitoring', 'otlp', 'pushgateway', 'remote-write'];
/** UDP has no answers, and New Relic takes no request without a point. */
const untellable: readonly SinkKind[] = ['new-relic', 'statsd'];

describe.each(kinds)('the sink %s in good health', (kind) => {
  it('takes something harmless, and stores no figure of a source', async () => {
    const { facts } = sinkSubjects[kind];
    await using receiver: Receiver = await facts.startReceiver({}, { folder, printed: [] });

    const findings = await examineAt(kind, receiver.url, budgetMs);

    expect(findings.length).toBeGreaterThan(0);
    for (const { verdict, subject, where } of findings) {
      expect({ subject, verdict }).toEqual({ subject: 'write', verdict: untellable.includes(kind) ? 'unknown' : 'ok' });
      expect(where.startsWith(`${kind}/`)).toBe(true);
    }
    const values = facts.answers === 'request' ? (await receiver.received()).flatMap((request) => request.values) : [];
    expect(values.map(({ name }) => name)).toEqual(kind === 'cloudwatch' ? findings.map(() => 'DoctorWrites') : []);
  });
});

it('warns of a sink that no metric of a source goes to', async () => {
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.buildkite.config('http://127.0.0.1:1')],
    sinks: [{ kind: 'cloudwatch', metrics: { include: ['NoSuchMetric'] } }],
  });
  using deadline = createDeadline(budgetMs, Date.now);

  const findings = await examineSinks(pipeline.built.pipeline, { deadline, nodeVersion: '', writes: 'harmless' });

  expect(findings).toMatchObject([{ subject: 'write', verdict: 'warning', where: 'cloudwatch/cloudwatch' }]);
});

it('says of a sink that tells nothing that it is unknown', async () => {
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.buildkite.config('http://127.0.0.1:1')],
    sinks: [{ kind: 'stdout' }],
  });
  const sinks = pipeline.built.pipeline.sinks.map((given) => ({
    ...given,
    sink: { ...given.sink, examine: () => Promise.resolve([]) },
  }));
  using deadline = createDeadline(budgetMs, Date.now);

  const findings = await examineSinks(
    { ...pipeline.built.pipeline, sinks },
    { deadline, nodeVersion: '', writes: 'harmless' },
  );

  expect(findings).toMatchObject([{ verdict: 'unknown', where: 'stdout/stdout', message: 'it told nothing' }]);
});

describe.each(answering)('the sink %s', (kind) => {
  it.each(['401', '403', '500', 'no answer'] as const)('fails at %s, and says what it is', async (name) => {
    const fault = faultNamed(name);
    await using server = await startFaultServer(fault);

    const findings = await examineAt(kind, server.url, name === 'no answer' ? endlessMs : budgetMs);

    expect(findings).toMatchObject([{ verdict: 'failed', kind: fault.sink }]);
    expect(findings[0]?.where).toContain(kind);
    expect(findings[0]?.subject).toBe(fault.sink === 'auth' ? 'credential' : 'write');
  });
});

it('writes nothing where that was asked for', async () => {
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.buildkite.config('http://127.0.0.1:1')],
    sinks: [sinkSubjects.pushgateway.config('http://127.0.0.1:1', folder)],
  });
  using deadline = createDeadline(budgetMs, Date.now);

  const findings = await examineSinks(pipeline.built.pipeline, { deadline, nodeVersion: '', writes: 'none' });

  expect(findings).toMatchObject([{ verdict: 'unknown', where: 'pushgateway/pushgateway' }]);
});
