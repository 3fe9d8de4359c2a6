/** Reads the generated Grafana dashboards, and asks their queries as Grafana does. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { QueriedSample, QueryServer } from '../servers/prometheus.ts';
import { pathOf } from './rule-files.ts';

const Place = z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() });

const Graph = z.object({
  id: z.int(),
  type: z.literal('timeseries'),
  title: z.string().min(1),
  description: z.string().default(''),
  gridPos: Place,
  targets: z.tuple([z.object({ expr: z.string(), legendFormat: z.string().min(1), interval: z.literal('1m') })]),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string(), thresholds: z.unknown().optional() }) }),
});

const Dashboard = z.object({
  uid: z.string(),
  templating: z.object({
    list: z.array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('datasource'), name: z.string() }),
        z.object({ type: z.literal('query'), name: z.string(), query: z.object({ query: z.string() }) }),
      ]),
    ),
  }),
  panels: z.array(
    z.discriminatedUnion('type', [
      z.object({ id: z.int(), type: z.literal('row'), title: z.string(), gridPos: Place }),
      z.object({
        id: z.int(),
        type: z.literal('text'),
        gridPos: Place,
        options: z.object({ content: z.string().min(1) }),
      }),
      Graph,
    ]),
  ),
});

export type GrafanaDashboard = z.infer<typeof Dashboard>;
export type GrafanaGraph = z.infer<typeof Graph>;

/** Every generated dashboard, such as `grafana-ci.json`. */
export const dashboardFiles: readonly string[] = readdirSync(dirname(pathOf('grafana-ci.json'))).filter((file) =>
  /^grafana-.*\.json$/.test(file),
);

export function readDashboard(file: string): GrafanaDashboard {
  return Dashboard.parse(JSON.parse(readFileSync(pathOf(file), 'utf8')));
}

export function graphsOf({ panels }: GrafanaDashboard): readonly GrafanaGraph[] {
  return panels.filter((panel) => panel.type === 'timeseries');
}

/** A query as Grafana sends it: everything is chosen, and the graph is so narrow that a point is a minute. */
export function expandQuery(expr: string): string {
  // The rate interval is four times the least step, which every graph sets to a minute.
  return expr.replaceAll(/\$(source|scope|job|instance)\b/g, '.*').replaceAll('$__rate_interval', '4m');
}

/** Every line that a graph had at any of the minutes until `endMs`; what is NaN draws none. */
export async function queryLines(
  server: QueryServer,
  { targets: [{ expr }] }: GrafanaGraph,
  { endMs, minutes }: { readonly endMs: number; readonly minutes: number },
): Promise<readonly QueriedSample[]> {
  return await server.query(`max_over_time(((${expandQuery(expr)}) > -Inf)[${String(minutes)}m:1m])`, endMs);
}

/** Labels that the name of a line asks for and that the line does not have. */
export function blankLabels(
  { targets: [{ legendFormat }] }: GrafanaGraph,
  { labels }: QueriedSample,
): readonly string[] {
  return [...legendFormat.matchAll(/{{(\w+)}}/g)].flatMap(([, label = '']) =>
    (labels[label] ?? '') === '' ? [label] : [],
  );
}

/** What each variable above the graphs offers, by its name. */
export async function queryVariables(
  server: QueryServer,
  { templating }: GrafanaDashboard,
  { endMs, minutes }: { readonly endMs: number; readonly minutes: number },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const offered = new Map<string, readonly string[]>();
  for (const variable of templating.list) {
    if (variable.type !== 'query') continue;
    const [, series, label] = /^label_values\((.+), (\w+)\)$/.exec(variable.query.query) ?? [];
    if (series === undefined || label === undefined) throw new Error(`no label_values: ${variable.query.query}`);
    const found = await server.query(
      `group by (${label}) (last_over_time(${expandQuery(series)}[${String(minutes)}m]))`,
      endMs,
    );
    offered.set(
      variable.name,
      found.flatMap(({ labels }) => labels[label] ?? []),
    );
  }
  return offered;
}
