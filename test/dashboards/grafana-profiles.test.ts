/** Every graph of the other Grafana dashboards is filled in a real Prometheus by the page that it is about. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { profileNames, type ProfileName } from '../../lambda/sources/prometheus/profiles.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { sourceOf, sourceVariants } from '../infra/simulation/ci-systems.ts';
import { startPrometheus } from '../servers/prometheus.ts';
import { withDebianPrometheus } from '../servers/require.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';
import { blankLabels, graphsOf, queryLines, queryVariables, readDashboard } from './grafana-files.ts';

const minuteMs = 60_000;
const runs = 12;
const startMs = Math.floor(Date.now() / minuteMs) * minuteMs - runs * minuteMs;

/** A page whose totals and buckets have grown `times` over, as those of a program that works. */
function grownPage(page: string, times: number): string {
  const totals = new Set([...page.matchAll(/^# TYPE (\S+) (?:counter|histogram|summary)$/gm)].map(([, name]) => name));
  return page.replaceAll(/^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/gm, (line, name: string, labels = '', value: string) =>
    totals.has(name.replace(/_(?:bucket|sum|count)$/, '')) || totals.has(name)
      ? `${name}${String(labels)} ${String(Number(value) * times)}`
      : line,
  );
}

/** Labels that only some pages have, so that a part of a line's name is blank on others. */
const mayBeBlank: Partial<Record<ProfileName, readonly string[]>> = {
  // Only what is not honoured is moved.
  pushgateway: ['exported_job', 'exported_instance'],
  // Only with `metrics.taskrun.throttle.enable-namespace`.
  'tekton-controller': ['namespace'],
};

withDebianPrometheus('the dashboard of a profile', (command) => {
  it.each(profileNames)('has data in every graph, and in its variables: %s', async (profile) => {
    const page = readFileSync(join(import.meta.dirname, `../fixtures/prometheus/pages/${profile}.txt`), 'utf8');
    let nowMs = startMs;
    await using target = await startLoopbackServer((_request, response) => {
      const times = (nowMs - startMs) / minuteMs;
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(grownPage(page, times));
    });
    await using server = await startPrometheus({ command });
    await using pipeline = await contractPipeline(
      {
        sources: [{ kind: 'prometheus', profile, targets: [{ url: `${target.url}/metrics`, instance: 'a:1' }] }],
        sinks: [{ kind: 'remote-write', url: `${server.url}/api/v1/write` }],
      },
      { clock: () => nowMs },
    );
    let report;
    for (let run = 0; run < runs; run += 1) {
      report = await pipeline.run(30_000, report, nowMs);
      nowMs += minuteMs;
    }
    const dashboard = readDashboard(`grafana-${profile}.json`);
    const past = { endMs: nowMs, minutes: runs + 1 };

    const empty = [];
    const blank = new Set<string>();
    for (const graph of graphsOf(dashboard)) {
      const lines = await queryLines(server, graph, past);
      if (lines.length === 0) empty.push(graph.title);
      for (const line of lines) for (const label of blankLabels(graph, line)) blank.add(label);
    }

    expect(empty).toEqual([]);
    expect([...blank].filter((label) => mayBeBlank[profile]?.includes(label) !== true)).toEqual([]);
    expect(await queryVariables(server, dashboard, past)).toEqual(
      new Map([
        ['job', ['prometheus']],
        ['instance', ['a:1']],
      ]),
    );
  });
});

withDebianPrometheus('the dashboard of Chainloop', (command) => {
  it('has data of the source chainloop in every graph but those of targets, of which it has none', async () => {
    const [, kind, start, settings] = variantNamed('attestations');
    await using simulated = await start(startMs);
    await using server = await startPrometheus({ command });
    let nowMs = startMs;
    const config = {
      sources: [sourceOf(kind, simulated, settings)],
      sinks: [{ kind: 'remote-write', url: `${server.url}/api/v1/write` }],
    };
    await using pipeline = await contractPipeline(config, { variables: simulated.variables, clock: () => nowMs });
    let report;
    for (let run = 0; run < runs; run += 1) {
      simulated.liveUntil(nowMs);
      report = await pipeline.run(30_000, report, nowMs);
      nowMs += minuteMs;
    }

    const empty = [];
    for (const graph of graphsOf(readDashboard('grafana-chainloop.json'))) {
      const lines = await queryLines(server, graph, { endMs: nowMs, minutes: runs + 1 });
      if (lines.length === 0) empty.push(graph.targets[0].expr);
    }
    expect(empty.filter((expr) => !/\b(?:up|scrape_\w+)\{/.test(expr))).toEqual([]);
    expect(empty).toHaveLength(3);
  });
});

function variantNamed(name: string): (typeof sourceVariants)[number] {
  const found = sourceVariants.find(([title]) => title === name);
  if (found === undefined) throw new Error(`there is no variant ${name}`);
  return found;
}
