/** Writes a Grafana dashboard as JSON. */
import type { Query } from './query.ts';

export interface GrafanaPanel {
  readonly title: string;
  /** Shown behind the title: a dashboard is one for all, so a graph that may have no data says whose it is. */
  readonly description?: string;
  readonly query: Query;
  readonly stacked: boolean;
  /** A line from which on something is wrong. */
  readonly threshold?: number;
}

export interface GrafanaRow {
  readonly title: string;
  readonly explanation: string;
  readonly panels: readonly GrafanaPanel[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Query of the label that each variable above the graphs offers. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rows: readonly GrafanaRow[];
}

/** Grafana's grid has 24 columns; three graphs side by side can still be read on a laptop. */
const columns = 24;
const graph = { width: 8, height: 8 } as const;
/** A heading, and two lines of explanation. */
const headingHeight = 1;
const textHeight = 2;

/** A run a minute: with it as the least step, `$__rate_interval` always spans several of them. */
const step = '1m';

/** Of Grafana 11, and read by all later ones. */
const schemaVersion = 39;

const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

/** A dashboard as Grafana imports it. */
export function grafanaDashboard({ uid, title, description, variables, rows }: Dashboard): string {
  const dashboard = {
    uid,
    title,
    description,
    tags: ['ci'],
    schemaVersion,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-6h', to: 'now' },
    refresh: '1m',
    templating: { list: [dataSourceVariable(), ...Object.entries(variables).map(variableOf)] },
    panels: placed(rows),
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

function dataSourceVariable(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
}

function variableOf([name, query]: readonly [string, string]): object {
  return {
    name,
    type: 'query',
    datasource,
    query: { query, refId: name },
    // At the start and with the time range: queues come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}

function placed(rows: readonly GrafanaRow[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, explanation, panels: graphs } of rows) {
    const id = panels.length + 1;
    panels.push(
      { id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: columns, h: headingHeight }, panels: [] },
      textPanel(id + 1, explanation, y + headingHeight),
    );
    y += headingHeight + textHeight;
    const perLine = columns / graph.width;
    for (const [index, one] of graphs.entries()) {
      const place = { x: (index % perLine) * graph.width, y: y + Math.floor(index / perLine) * graph.height };
      panels.push(graphPanel(id + 2 + index, one, place));
    }
    y += Math.ceil(graphs.length / perLine) * graph.height;
  }
  return panels;
}

function textPanel(id: number, content: string, y: number): object {
  const gridPos = { x: 0, y, w: columns, h: textHeight };
  return { id, type: 'text', title: '', transparent: true, gridPos, options: { mode: 'markdown', content } };
}

function graphPanel(
  id: number,
  { title, description, query: { expr, legend, unit }, stacked, threshold }: GrafanaPanel,
  place: { readonly x: number; readonly y: number },
): object {
  return {
    id,
    type: 'timeseries',
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    gridPos: { ...place, w: graph.width, h: graph.height },
    targets: [{ refId: 'A', datasource, expr, legendFormat: legend, interval: step }],
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          // A run that is missing is a gap, not a slope.
          spanNulls: false,
          fillOpacity: stacked ? 25 : 0,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
          ...(threshold === undefined ? {} : { thresholdsStyle: { mode: 'line' } }),
        },
        ...(threshold === undefined ? {} : { thresholds: thresholdsAt(threshold) }),
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

function thresholdsAt(value: number): object {
  return {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'red', value },
    ],
  };
}
