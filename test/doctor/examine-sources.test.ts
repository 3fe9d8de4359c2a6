/** Tries the examination of every source in good health and with every fault of the table. */
import { describe, expect, it } from 'vitest';
import { examine } from '../../lambda/doctor/examine.ts';
import { summarizeHealth } from '../../lambda/doctor/sort-findings.ts';
import type { Finding } from '../../lambda/model/finding.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { sources } from '../../lambda/sources/index.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { sourceSubjects } from '../contracts/subjects.ts';
import { expectNoCanary } from '../support/canary.ts';
import { startFaultServer } from '../support/network/fault-server.ts';
import { type Fault, faults } from '../support/network/faults.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';

const kinds = sources.map(({ kind }) => kind);
type Kind = (typeof kinds)[number];

async function examineAt(kind: Kind, url: string, budgetMs: number): Promise<readonly Finding[]> {
  await using pipeline = await contractPipeline({
    sources: [{ ...sourceSubjects[kind].config(url) }],
    sinks: [{ kind: 'stdout' }],
  });
  using deadline = createDeadline(budgetMs, Date.now);
  const { findings } = await examine(pipeline.built, { deadline, nodeVersion: 'v24.0.0', writes: 'none' });
  expectNoCanary([findings, pipeline.said()]);
  return findings;
}

/** For what answers; and for what never ends by itself. */
const budgetMs = 60_000;
const endlessMs = 1500;

describe.each(kinds)('the source %s', (kind) => {
  it('in good health has all promises kept', async () => {
    await using server = await startLoopbackServer(sourceSubjects[kind].healthy);

    const findings = await examineAt(kind, server.url, budgetMs);

    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    const told = findings.filter(({ where }) => where.startsWith(`${kind}/`));
    expect(told).toContainEqual(expect.objectContaining({ subject: 'credential', verdict: 'ok' }));
    expect(told).toContainEqual(expect.objectContaining({ subject: 'read', verdict: 'ok' }));
  });

  it('is warned of where it shows nothing at all', async () => {
    await using server = await startLoopbackServer(sourceSubjects[kind].empty);

    const findings = await examineAt(kind, server.url, budgetMs);

    expect(findings.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(findings.filter(({ subject, where }) => subject === 'read' && where.startsWith(`${kind}/`))).toHaveLength(1);
  });

  it('fails with a remedy at each fault, and says whether it is the credential', async () => {
    for (const fault of faults) {
      const findings = await examineFault(kind, fault);
      const failed = findings.filter(({ verdict }) => verdict === 'failed');
      const kindsFound = failed.map((finding) => ('kind' in finding ? finding.kind : undefined));
      expect({ fault: fault.name, kindsFound }).toEqual({ fault: fault.name, kindsFound: [fault.source] });
      expect(failed.map(({ subject }) => subject)).toEqual([fault.source === 'auth' ? 'credential' : 'read']);
      expect(summarizeHealth(findings)).toBe(fault.source === 'auth' ? 'refused' : 'failed');
      for (const finding of failed) expect('remedy' in finding ? finding.remedy : '').toMatch(/\S+ \S+/);
    }
  });
});

it.each([
  ['github-actions', 'repo, admin:org, delete_repo', 'delete_repo'],
  ['bitbucket-pipelines', 'repository pipeline runner repository:delete', 'repository:delete'],
] as const)('warns of what the credential of %s may beyond need', async (kind, scopes, excess) => {
  await using server = await startLoopbackServer((request, response) => {
    response.setHeader('x-oauth-scopes', scopes);
    sourceSubjects[kind].healthy(request, response);
  });

  const findings = await examineAt(kind, server.url, budgetMs);

  const told = findings.filter(({ subject }) => subject === 'scopes');
  expect(told).toMatchObject([{ verdict: 'warning' }]);
  expect(told[0]?.message).toContain(excess);
});

async function examineFault(kind: Kind, fault: Fault) {
  await using server = await startFaultServer(fault);
  const findings = await examineAt(kind, server.url, fault.source === 'timeout' ? endlessMs : budgetMs);
  expect(server.otherOrigin.requests).toEqual([]);
  return findings;
}
