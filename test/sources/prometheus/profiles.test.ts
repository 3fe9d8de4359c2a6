/** Tests of the shipped profiles, each a list of series and measures for one program, against real pages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchSelection } from '../../../lambda/settings/glob.ts';
import { parsePage } from '../../../lambda/prometheus-text/parser.ts';
import { profileNames, profiles, type ProfileName } from '../../../lambda/sources/prometheus/profiles.ts';
import { graphsOf, readDashboard } from '../../dashboards/grafana-files.ts';
import { expectGolden } from '../../support/golden.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { prometheusPipeline, relayedOf } from './harness.ts';

/** A page as such a target serves it, its runtime's own metrics among the others. */
function pageOf(profile: ProfileName): string {
  return readFileSync(join(import.meta.dirname, `../../fixtures/prometheus/pages/${profile}.txt`), 'utf8');
}

async function throughCollector(profile: ProfileName) {
  await using server = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(pageOf(profile));
  });
  await using pipeline = await prometheusPipeline(
    { profile, measures: 'profile', targets: [{ url: `${server.url}/metrics`, instance: 'a:1' }] },
    [{ kind: 'stdout', metrics: { exclude: ['ci_collector_*'] } }],
  );
  const collected = await pipeline.collect();
  await pipeline.run();
  return { collected, printed: pipeline.printed.join('') };
}

/** What a profile includes for releases whose pages have other names than the one of the fixture. */
const olderNames: readonly string[] = [
  'tekton_pipelines_controller_pipelinerun_count',
  'tekton_pipelines_controller_taskrun_count',
  'tekton_pipelines_controller_workqueue_depth',
];

describe.each(profileNames)('the profile %s', (profile) => {
  const page = parsePage(pageOf(profile), { format: 'text' });
  const names = [...page.families.map(({ name }) => name), ...olderNames];

  it('passes on what its list names, as it was read, and nothing else', async () => {
    const { printed } = await throughCollector(profile);

    // How long the reading took is another time each time.
    const steady = printed.replace(/^scrape_duration_seconds\{.*$/m, 'scrape_duration_seconds');
    await expectGolden(`prometheus/${profile}.prom`, steady);
    expect(printed).not.toMatch(/^(?:go_|target_info|backup_bytes)/m);
  });

  it('has no entry that fits nothing on a page', () => {
    const idle = profiles[profile].include.filter((glob) => !names.some(matchSelection({ include: [glob] })));

    expect(idle).toEqual([]);
  });

  it('measures what it passes on, by the type and with the labels of the page', () => {
    const isKept = matchSelection({ include: [...profiles[profile].include] });

    for (const { metric, type, labels } of profiles[profile].measures) {
      const family = page.families.find(({ name }) => name === metric);
      expect(isKept(metric)).toBe(true);
      expect(family?.type).toBe(type);
      expect(labels.filter((label) => family?.samples.every((sample) => !sample.labels.has(label)))).toEqual([]);
    }
  });

  it('has a dashboard that asks for nothing else', async () => {
    const { collected } = await throughCollector(profile);
    const series = new Set(relayedOf(collected).flatMap(({ samples }) => samples.map(({ name }) => name)));

    const asked = graphsOf(readDashboard(`grafana-${profile}.json`)).flatMap(({ targets: [{ expr }] }) =>
      [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map(([, name = '']) => name),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !series.has(name) && !olderNames.includes(name))).toEqual([]);
  });

  it('shows every metric of its list on the dashboard', async () => {
    const { collected } = await throughCollector(profile);
    const expressions = graphsOf(readDashboard(`grafana-${profile}.json`))
      .map(({ targets: [{ expr }] }) => expr)
      .join('\n');

    const passedOn = relayedOf(collected).filter(({ about }) => about === 'target');
    expect(passedOn.filter(({ name }) => !expressions.includes(name)).map(({ name }) => name)).toEqual(
      notShown[profile],
    );
  });
});

/** Constants, and what the other graphs say better. */
const notShown: Readonly<Record<ProfileName, readonly string[]>> = {
  'buildkite-agent': [],
  chainloop: [],
  pushgateway: ['pushgateway_build_info'],
  'tekton-controller': [
    'kn_workqueue_adds_total',
    'kn_workqueue_unfinished_work_seconds',
    'tekton_pipelines_controller_running_pipelineruns_waiting_on_task_resolution',
    'tekton_pipelines_controller_running_taskruns_waiting_on_task_resolution_count',
  ],
};
