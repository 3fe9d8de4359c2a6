/** Tests of the shipped profiles, each a list of series and measures for one program, against real pages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { matchSelection } from '../../../lambda/settings/glob.ts';
import type { RelayedFamily } from '../../../lambda/model/relayed.ts';
import { parsePage } from '../../../lambda/prometheus-text/parser.ts';
import { profileNames, profiles, type ProfileName } from '../../../lambda/sources/prometheus/profiles.ts';
import { pathOf, promtoolWith } from '../../dashboards/rule-files.ts';
import { withPromtool } from '../../servers/require.ts';
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

    const asked = graphsOf(profile).flatMap(({ expr }) =>
      [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map(([, name = '']) => name),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !series.has(name) && !olderNames.includes(name))).toEqual([]);
  });

  it('shows every metric of its list on the dashboard', async () => {
    const { collected } = await throughCollector(profile);
    const expressions = graphsOf(profile)
      .map(({ expr }) => expr)
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

const Panel = z.object({
  title: z.string(),
  type: z.string(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
});

/** Every query of the profile's dashboard, as Grafana asks it when everything is chosen. */
function graphsOf(profile: ProfileName): readonly { readonly title: string; readonly expr: string }[] {
  const dashboard = z
    .object({ panels: z.array(Panel) })
    .parse(JSON.parse(readFileSync(pathOf(`grafana-${profile}.json`), 'utf8')));
  return dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      expr: expr.replaceAll(/\$(job|instance)\b/g, '.*').replaceAll('$__rate_interval', '5m'),
    })),
  );
}

/** Counters and buckets that grow by what they have, a minute; levels as they are. */
function growing(families: readonly RelayedFamily[]): readonly { series: string; values: string }[] {
  return families.flatMap(({ type, samples }) =>
    samples.map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      const step = type === 'counter' || type === 'histogram' || type === 'summary' ? value : 0;
      return { series: `${name}{${pairs.join(', ')}}`, values: `${String(value)}+${String(step)}x20` };
    }),
  );
}

withPromtool('the dashboard of a profile', () => {
  it.each(profileNames)('has a figure in every graph: %s', async (profile) => {
    const { collected } = await throughCollector(profile);

    const { isContent, output } = await promtoolWith(['test', 'rules'], {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: growing(relayedOf(collected)),
          promql_expr_test: graphsOf(profile).map(({ expr }) => ({
            // NaN, the quantile of nothing, is no figure.
            expr: `count((${expr}) > -Inf) > bool 0`,
            eval_time: '15m',
            exp_samples: [{ labels: '{}', value: 1 }],
          })),
        },
      ],
    });

    expect(isContent, output).toBe(true);
  });
});
