/** Golden pages of a whole simulated Chainloop organization. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePrometheusText } from '../../../lambda/exposition/write-prometheus-text.ts';
import { parsePage } from '../../../lambda/prometheus-text/parser.ts';
import { mapRelayedPage } from '../../../lambda/sources/chainloop/metrics-page/map-page.ts';
import { expectGolden } from '../../support/golden.ts';
import { platformBuild, runOf, shopBuild, shopRelease, startOrganization } from './harness.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/chainloop');

describe('a whole organization', () => {
  it('becomes this page', async () => {
    await using organization = await startOrganization();
    organization.workflows = [shopBuild, shopRelease, platformBuild];
    organization.runs = [runOf('o', -59), runOf('h', -2000, { lasted: 3, workflow: shopRelease })];
    await organization.tick();
    const released = { name: 'v2', isPrerelease: false, releasedMs: 0 };
    organization.runs = [
      ...organization.runs.map((run) => (run.id === 'o' ? { ...run, status: 'expired' as const } : run)),
      runOf('a', 0.1, { lasted: 0.25, policy: { status: 'passed', total: 4, violated: 0 } }),
      runOf('b', 0.2, { lasted: 0.5, status: 'failed', policy: { status: 'blocked', total: 4, violated: 2 } }),
      runOf('c', 0.3, { lasted: 0.5, status: 'cancelled', workflow: platformBuild, runner: 'TEKTON_PIPELINE' }),
      runOf('d', 0.4, { lasted: 0.5, status: 'failed', workflow: shopRelease, version: released }),
      runOf('e', 0.5, { lasted: 0.25, status: 7, workflow: platformBuild, runner: 99 }),
      runOf('f', 0.9, { workflow: shopRelease }),
    ];

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    const { text, omissions } = await writePrometheusText(families);
    expect(omissions).toEqual([]);
    await expectGolden('chainloop/organization.prom', text);
  });

  it('gives each ended run a line, without a word of people or hosts', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    organization.runs = [
      runOf('a', 0.1, {
        lasted: 0.25,
        policy: { status: 'warning', total: 4, violated: 2 },
        version: { name: 'v1', isPrerelease: true },
      }),
    ];

    const { counted } = await organization.tick();

    expect(counted.outcome === 'counted' && counted.lines).toEqual([
      {
        ...{ system: 'chainloop', source: expect.any(String) as unknown, scope: 'shop', pipeline: 'build' },
        ...{ attempt: 'first', finishedAt: expect.any(String) as unknown },
        organization: 'acme',
        run: 'a',
        runner: 'GITHUB_ACTION',
        result: 'success',
        policy: 'warning',
        violations: 2,
        version: 'v1',
        durationSeconds: 15,
      },
    ]);
  });
});

describe('a page of the server', () => {
  it('becomes the same series, behind the source', async () => {
    const page = parsePage(await readFile(join(fixtures, 'page.prom')), { format: 'text' });

    const { families, messages: faults } = mapRelayedPage(page, undefined, { source: 'main', isSelected: () => true });

    expect(faults).toEqual([]);
    const { text } = await writePrometheusText(families);
    const gauges = (await readFile(join(fixtures, 'page.prom'), 'utf8'))
      .split('\n')
      .filter((line) => line.startsWith('chainloop_workflow_up{'))
      .map((line) => line.replace(',workflow=', ',source="main",workflow='));
    expect(text.split('\n').filter((line) => line.startsWith('chainloop_workflow_up{'))).toEqual(gauges);
  });
});
