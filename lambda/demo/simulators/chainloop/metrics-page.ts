/** Writes the metrics page of the simulated control plane. */
import type { Records, RunRecord, StatusName } from './records.ts';

/** The server's own bounds. */
const bounds = [10, 30, 60, 90, 120, 180, 240, 300, 600, 900, 1200] as const;

const words: Partial<Readonly<Record<StatusName, string>>> = {
  succeeded: 'success',
  failed: 'error',
  expired: 'expired',
  cancelled: 'canceled',
};

export interface PageOptions {
  /** False: as after a database error. */
  readonly hasGauge?: boolean;
}

/** The page of `/prom/{organization}/metrics`, as the server prints it: no project, labels sorted by name. */
export function renderMetricsPage({ organization, runs }: Records, { hasGauge = true }: PageOptions = {}): string {
  const ended = runs.filter(({ status }) => findWord(status) !== undefined);
  return [...(hasGauge ? renderGauge(organization, ended) : []), ...renderHistogram(organization, ended), ''].join(
    '\n',
  );
}

function findWord(status: RunRecord['status']): string | undefined {
  return typeof status === 'number' ? undefined : words[status];
}

function renderGauge(org: string, ended: readonly RunRecord[]): readonly string[] {
  // Two workflows with one name overwrite each other, and the former runner of a moved one stays.
  const up = new Map<string, number>();
  for (const run of ended.toSorted((a, b) => a.createdMs - b.createdMs)) {
    const labels = `org="${org}",runner="${String(run.runner)}",workflow="${run.workflow.name}"`;
    up.set(labels, run.status === 'succeeded' ? 1 : 0);
  }
  if (up.size === 0) return [];
  return [
    '# HELP chainloop_workflow_up Indicate if the last run was successful.',
    '# TYPE chainloop_workflow_up gauge',
    ...[...up].map(([labels, value]) => `chainloop_workflow_up{${labels}} ${String(value)}`),
  ];
}

function renderHistogram(org: string, ended: readonly RunRecord[]): readonly string[] {
  const groups = new Map<string, number[]>();
  for (const run of ended) {
    const word = findWord(run.status) ?? '';
    const labels = `org="${org}",runner="${String(run.runner)}",status="${word}",workflow="${run.workflow.name}"`;
    groups.set(labels, [...(groups.get(labels) ?? []), measureSeconds(run)]);
  }
  if (groups.size === 0) return [];
  const name = 'chainloop_workflow_run_duration_seconds';
  return [
    `# HELP ${name} Duration of a workflow runs in seconds.`,
    `# TYPE ${name} histogram`,
    ...[...groups].flatMap(([labels, seconds]) => [
      ...[...bounds, Infinity].map((bound) => {
        const count = seconds.filter((value) => value <= bound).length;
        return `${name}_bucket{${labels},le="${bound === Infinity ? '+Inf' : String(bound)}"} ${String(count)}`;
      }),
      `${name}_sum{${labels}} ${String(seconds.reduce((sum, value) => sum + value, 0))}`,
      `${name}_count{${labels}} ${String(seconds.length)}`,
    ]),
  ];
}

/** The server observes an expired run when its sweep finds it, an hour after its creation. */
const expirySeconds = 3600;

function measureSeconds({ createdMs, finishedMs }: RunRecord): number {
  return finishedMs === undefined ? expirySeconds : (finishedMs - createdMs) / 1000;
}
