/** Tests the command doctor: its table, its JSON and its exit codes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { fakeTerminal } from '../fake-terminal.ts';
import { agentMetrics, answerJson, serve } from '../loopback.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-doctor-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface World {
  /** What the CI system and the gateway answer. */
  readonly source?: number;
  readonly sink?: number;
  readonly token?: string;
}

async function doctor({ source = 200, sink = 200, token = canaries.token }: World, ...options: readonly string[]) {
  await using ci = await serve((_, response) => {
    answerJson(response, source, source === 200 ? agentMetrics : { message: `no ${token}` });
  });
  await using gateway = await serve((_, response) => {
    answerJson(response, sink, sink === 200 ? { status: 'success', data: [] } : { message: 'no' });
  });
  const config = join(folder, 'collector.yaml');
  await writeFile(
    config,
    `sources:
  - { kind: buildkite, name: main, endpoint: '${ci.url}', agentTokens: [{ env: TOKEN }] }
sinks:
  - { kind: pushgateway, name: first, url: '${gateway.url}' }
`,
  );
  const terminal = fakeTerminal({ variables: { TOKEN: token } });
  const exitCode = await dispatch(['doctor', '--config', config, '--timeout', '5m', ...options], terminal);
  expectNoCanary([terminal.out(), terminal.err()]);
  const methods = gateway.requests.map(({ method }) => method);
  return { exitCode, out: terminal.out().replaceAll(/127\.0\.0\.1:\d+/g, 'HOST'), err: terminal.err(), methods };
}

describe('the command doctor', () => {
  it('shows what was looked at as an aligned table', async () => {
    const { exitCode, out, methods } = await doctor({});

    expect(exitCode).toBe(0);
    expect(methods).toEqual(['GET']);
    expect(out).toMatch(/^RESULT +SUBJECT +WHERE +FOUND$/m);
    expect(out).toMatch(/^● ok +credential +buildkite\/main +is taken$/m);
    expect(out).toMatch(/^● ok +read +buildkite\/main +2 queues, 3 workers, 6 open jobs \(1 request, /m);
    expect(out).toMatch(/^● ok +write +pushgateway\/first +lists its 0 groups$/m);
    expect(out).toMatch(/\n\n(\d+) findings: \1 ok\n$/);
  });

  it.each([
    ['a refused credential', { source: 401 }, 4, /✖ failed +credential +buildkite\/main .*\n +→ \S+/],
    ['a source that is down', { source: 500 }, 1, /✖ failed +read +buildkite\/main .*\n +→ \S+/],
    ['a sink that is not there', { sink: 404 }, 1, /✖ failed +write +pushgateway\/first .*\n +→ \S+/],
    ['a weak secret', { token: 'password' }, 3, /▲ warning +secret +environment variable TOKEN .*\n +→ \S+/],
  ])('tells %s by its exit code, with a remedy', async (_, world, code, line) => {
    const { exitCode, out } = await doctor(world);

    expect(exitCode).toBe(code);
    expect(out).toMatch(line);
  });

  it('gives programs one JSON object', async () => {
    const { exitCode, out } = await doctor({ sink: 500 }, '--json', '--no-write');

    const Findings = z.array(z.looseObject({ subject: z.string(), where: z.string(), verdict: z.string() }));
    const told = z.looseObject({ health: z.string(), failed: z.int(), findings: Findings }).parse(JSON.parse(out));
    expect(exitCode).toBe(0);
    expect(told).toMatchObject({ health: 'ok', failed: 0 });
    expect(told.findings).toContainEqual(expect.objectContaining({ subject: 'write', verdict: 'unknown' }));
  });

  it('needs a configuration', async () => {
    const terminal = fakeTerminal();

    expect(await dispatch(['doctor'], terminal)).toBe(2);
    expect(terminal.err()).toContain('--config FILE is missing');
  });

  it('wraps what was found in a terminal, and cuts no remedy', async () => {
    const terminal = fakeTerminal({ isTty: true, size: { columns: 90, rows: 24 }, variables: { NO_COLOR: '1' } });
    const config = join(folder, 'unset.yaml');
    await writeFile(
      config,
      `sources:
  - { kind: buildkite, name: main, endpoint: 'http://127.0.0.1:1', agentTokens: [{ env: TOKEN }] }
sinks:
  - { kind: stdout }
`,
    );

    await dispatch(['doctor', '--config', config, '--timeout', '5m'], terminal);

    const lines = terminal.out().split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(90);
    expect(lines.some((line) => /^ +→ /.test(line))).toBe(true);
    expect(terminal.out().replaceAll(/\s+/g, ' ')).toContain('→ set it: export TOKEN=…');
  });
});
