/** Each alarm in PromQL on a level, evaluated by Prometheus over what the sink `otlp` writes: trouble, a moment of it, silence. */
import { beforeAll, expect, it } from 'vitest';
import { sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildGauge, type Labels, type MetricDefinition } from '../../../lambda/model/metric.ts';

import { queueOldestWait } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { runsStuck } from '../../../lambda/model/catalogue/run-metrics.ts';
import { oldestVisit } from '../../../lambda/model/catalogue/crawl-metrics.ts';
import { workflowDown, workflowUp } from '../../../lambda/sources/chainloop/metrics.ts';
import { taskRuns, unseenRuns } from '../../../lambda/sources/tekton/metrics.ts';
import { withCurrentPromtool } from '../../servers/require.ts';
import { evaluate, type Expectation, times } from '../simulation/promql-history.ts';
import { seriesStoredOf, storingCollector, textOfSeries } from '../simulation/stored-by-otlp.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise } from '../synthesis.ts';

interface Level {
  readonly alarm: string;
  readonly definition: MetricDefinition<'gauge'>;
  readonly labels: Labels;
  readonly good: number;
  readonly bad: number;
  /** So many bad minutes in twice the time set it off. */
  readonly badMinutes: number;
  /** What the alarm tells apart. */
  readonly contributor?: Labels;
}

const cluster = { system: 'tekton', source: 'cluster', scope: 'team-a' };
const taskRun = { ...cluster, queue: 'default' };
const chainloop = { system: 'chainloop', source: 'attestations', scope: 'acme' };
const workflow = { source: 'page', org: 'acme', workflow: 'release', runner: 'GITHUB_ACTION' };
const queue = { source: 'builds', scope: 'production', queue: 'default' };
const repositories = { system: 'bitbucket', source: 'workspace', scope: 'acme/shop', pipeline: 'default' };

const levels: readonly Level[] = [
  {
    alarm: 'workflow-down/attestations',
    definition: workflowDown,
    labels: { ...chainloop, pipeline: 'release' },
    ...{ good: 1800, bad: 1801, badMinutes: 1 },
  },
  {
    alarm: 'workflow-down/page',
    definition: workflowUp,
    labels: workflow,
    ...{ good: 1, bad: 0, badMinutes: 30, contributor: workflow },
  },
  {
    alarm: 'tekton-quota/cluster',
    definition: taskRuns,
    labels: { ...taskRun, state: 'quota' },
    ...{ good: 0, bad: 1, badMinutes: 10 },
  },
  {
    alarm: 'tekton-node/cluster',
    definition: taskRuns,
    labels: { ...taskRun, state: 'node' },
    ...{ good: 0, bad: 1, badMinutes: 10 },
  },
  { alarm: 'tekton-unseen/cluster', definition: unseenRuns, labels: cluster, good: 0, bad: 2, badMinutes: 5 },
  {
    alarm: 'looks-late/workspace',
    definition: oldestVisit,
    labels: { system: 'bitbucket', source: 'workspace' },
    ...{ good: 86_400, bad: 86_401, badMinutes: 15 },
  },
  {
    alarm: 'runs-stuck/workspace',
    definition: runsStuck,
    labels: repositories,
    ...{ good: 0, bad: 1, badMinutes: 15 },
  },
  {
    alarm: 'queue-waits/builds/production/default',
    definition: queueOldestWait,
    labels: { system: 'buildkite', ...queue },
    ...{ good: 600, bad: 601, badMinutes: 5 },
  },
  {
    alarm: 'any-queue-waits/cluster',
    definition: queueOldestWait,
    labels: taskRun,
    ...{ good: 600, bad: 601, badMinutes: 5, contributor: { source: 'cluster', scope: 'team-a', queue: 'default' } },
  },
];

const minutes = 160;
/** The trouble begins here, and the source dies there. */
const start = 10;
const death = 80;
/** A state is kept for fifteen runs beyond the time that the window itself holds it; a minute on both sides is left open. */
const kept = 14;

let queries: ReadonlyMap<string, string>;

beforeAll(() => {
  const region = 'eu-west-1';
  const config = { ...configOf('otlp'), collector: storingCollector };
  const { template } = synthesise(config, { env: { region } });
  queries = new Map(
    alarmsIn(template).promqlAlarms.map(({ AlarmName, query }) => [AlarmName.replace(/^[^/]*\//, ''), query]),
  );
});

async function textOf(definition: MetricDefinition<'gauge'>, labels: Labels): Promise<string> {
  const [stored, ...others] = await seriesStoredOf([buildGauge(definition, [{ labels, value: 1 }])]);
  if (stored === undefined || others.length > 0) throw new Error(`${definition.name} is not one series`);
  return textOfSeries(stored);
}

/** Whose alarm it is; Chainloop's own names have no label of the system. */
function sourceOf({ alarm, labels }: Level): Labels {
  const source = alarm.split('/')[1] ?? '';
  return { system: labels['system'] ?? 'chainloop', source };
}

type Told = number | 'stale' | undefined;

async function expectHistory(
  level: Level,
  told: readonly Told[],
  isUp: readonly Told[],
  { on, off }: Pick<Expectation, 'on' | 'off'>,
): Promise<void> {
  const query = queries.get(level.alarm);
  if (query === undefined) throw new Error(`there is no alarm ${level.alarm} in PromQL`);
  const series = {
    [await textOf(sourceUp, sourceOf(level))]: isUp,
    [await textOf(level.definition, level.labels)]: told,
  };
  const contributors = [level.contributor ?? {}];
  const { isContent, output } = await evaluate({ query, series, on, off, contributors, every: '1m' });
  expect(isContent, output).toBe(true);
}

withCurrentPromtool('an alarm in PromQL on a level', () => {
  it.each(levels)('$alarm is on from its last bad minute that it waits for, until it is well', async (level) => {
    const { good, bad, badMinutes } = level;
    const end = start + 2 * badMinutes;

    await expectHistory(
      level,
      [...times(start, good), ...times(end - start, bad), ...times(minutes - end, good)],
      times(minutes, 1),
      { on: [start + badMinutes - 1, end - 1], off: [start - 1, start + badMinutes - 2, end + badMinutes + 1] },
    );
  });

  it.each(levels.filter(({ badMinutes }) => badMinutes > 1))('$alarm is not on for a moment', async (level) => {
    const { good, bad, badMinutes } = level;
    const end = start + badMinutes - 1;

    await expectHistory(
      level,
      [...times(start, good), ...times(end - start, bad), ...times(minutes - end, good)],
      times(minutes, 1),
      { on: [], off: [start, end - 1, end, end + 1, end + badMinutes, minutes - 1] },
    );
  });

  it.each(levels)('$alarm stays on for a while where its source cannot be read', async (level) => {
    const { good, bad, badMinutes } = level;
    const held = death + badMinutes;

    await expectHistory(
      level,
      [...times(start, good), ...times(death - start, bad), 'stale'],
      [...times(death, 1), ...times(minutes - death, 0)],
      { on: [death - 1, death, held, held + kept - 1], off: [held + kept + 3, minutes - 1] },
    );
  });

  it.each(levels)('$alarm stays on for a while where the collector is silent', async (level) => {
    const { good, bad, badMinutes } = level;
    const held = death + badMinutes;

    await expectHistory(level, [...times(start, good), ...times(death - start, bad)], times(death, 1), {
      on: [death - 1, death, held, held + kept - 1],
      off: [held + kept + 3, minutes - 1],
    });
  });

  it.each(levels)('$alarm is not set off by silence', async (level) => {
    await expectHistory(level, [...times(death, level.good), 'stale'], [...times(death, 1), ...times(30, 0)], {
      on: [],
      off: [death - 1, death, death + level.badMinutes, death + 40],
    });
  });

  it.each(levels)('$alarm is over where what it is on is gone and its source is well', async (level) => {
    const { bad, badMinutes } = level;

    await expectHistory(level, [...times(death, bad), 'stale'], times(minutes, 1), {
      on: [death - 1],
      off: [death + badMinutes + 1, minutes - 1],
    });
  });

  it('workflow-down/page does not look at the workflows of another source', async () => {
    const level = levels.find(({ alarm }) => alarm === 'workflow-down/page');
    if (level === undefined) throw new Error('the alarm is gone');
    const labels = { ...workflow, source: 'other' };

    await expectHistory({ ...level, labels }, times(minutes, level.bad), times(minutes, 1), {
      on: [],
      off: [level.badMinutes + 1, minutes - 1],
    });
  });

  it.each(['tekton-quota/cluster', 'tekton-node/cluster'])('%s looks at its own state only', async (alarm) => {
    const level = levels.find((one) => one.alarm === alarm);
    const other = levels.find((one) => one.definition === taskRuns && one.alarm !== alarm);
    if (level === undefined || other === undefined) throw new Error('both states have an alarm');

    await expectHistory({ ...level, labels: other.labels }, times(minutes, 1), times(minutes, 1), {
      on: [],
      off: [40, minutes - 1],
    });
  });
});
