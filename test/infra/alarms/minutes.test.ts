/** Tests that each setting in minutes means what its description says, at every interval. */
import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../lambda/config/deployment.ts';
import { alarmsIn, type MetricAlarm } from '../simulation/template-alarms.ts';
import { configOf, synthesise } from '../synthesis.ts';

const buildkite = { kind: 'buildkite', organization: 'acme' };
const chainloop = { kind: 'chainloop', url: 'https://cp.example.com', organization: 'acme' };
const secret = 'ci-metrics/tokens';

const intervals = ['10 seconds', '1 minute', '5 minutes', '60 minutes'] as const;
type Interval = (typeof intervals)[number];

/** What the description of a setting has to say, by how its alarm looks at time. */
const wording = {
  share: /within twice as many.*at least three runs above one minute/,
  query: /within twice as many.*at least three runs above one minute.*180 minutes at most/,
  age: /in five minutes of ten, rounded up to whole runs/,
  atOnce: /How long a workflow of Chainloop may be down/,
  lag: /in five minutes of ten, rounded up to whole runs; at least two intervals/,
  silence: /rounded up to whole intervals; at least two/,
} as const;

interface Meaning {
  readonly setting: keyof typeof Alarms.shape;
  /** Not the default, so that no other setting is taken for it. */
  readonly minutes: number;
  readonly says: keyof typeof wording;
  readonly alarm: string;
  /** Bad minutes, and of how many, at each interval; after `>`, the minutes that the figure itself has to be above. */
  readonly at: readonly [string, string, string, string];
}

const meanings: readonly Meaning[] = [
  {
    setting: 'starvedMinutes',
    minutes: 6,
    says: 'share',
    alarm: 'queue-starved/ci/unclustered/default',
    at: ['6 of 12', '6 of 12', '15 of 30', '180 of 360'],
  },
  {
    setting: 'starvedMinutes',
    minutes: 6,
    says: 'query',
    alarm: 'any-queue-starved/ci',
    at: ['6 of 12', '6 of 12', '15 of 30', '120 of 180'],
  },
  {
    setting: 'oldestWaitMinutes',
    minutes: 12,
    says: 'age',
    alarm: 'queue-waits/ci/unclustered/default',
    at: ['5 of 10 > 12', '5 of 10 > 12', '5 of 10 > 12', '60 of 120 > 12'],
  },
  {
    setting: 'oldestWaitMinutes',
    minutes: 12,
    says: 'age',
    alarm: 'any-queue-waits/ci',
    at: ['5 of 10 > 12', '5 of 10 > 12', '5 of 10 > 12', '60 of 120 > 12'],
  },
  {
    setting: 'stuckRunsMinutes',
    minutes: 20,
    says: 'share',
    alarm: 'runs-stuck/ci',
    at: ['20 of 40', '20 of 40', '20 of 40', '180 of 360'],
  },
  {
    setting: 'workflowDownMinutes',
    minutes: 40,
    says: 'atOnce',
    alarm: 'workflow-down/attestations',
    at: ['1 of 2 > 40', '1 of 2 > 40', '5 of 10 > 40', '60 of 120 > 40'],
  },
  {
    setting: 'workflowDownMinutes',
    minutes: 40,
    says: 'query',
    alarm: 'workflow-down/page',
    at: ['40 of 80', '40 of 80', '40 of 80', '120 of 180'],
  },
  {
    setting: 'throttledMinutes',
    minutes: 7,
    says: 'share',
    alarm: 'tekton-quota/cluster',
    at: ['7 of 14', '7 of 14', '15 of 30', '180 of 360'],
  },
  {
    setting: 'unseenMinutes',
    minutes: 4,
    says: 'share',
    alarm: 'tekton-unseen/cluster',
    at: ['4 of 8', '4 of 8', '15 of 30', '180 of 360'],
  },
  {
    setting: 'countingLateMinutes',
    minutes: 45,
    says: 'lag',
    alarm: 'counting-late/ci',
    at: ['5 of 10 > 45', '5 of 10 > 45', '5 of 10 > 45', '60 of 120 > 120'],
  },
  {
    setting: 'sourceDownMinutes',
    minutes: 8,
    says: 'share',
    alarm: 'source-down/ci',
    at: ['8 of 16', '8 of 16', '15 of 30', '180 of 360'],
  },
  {
    setting: 'sinkDownMinutes',
    minutes: 9,
    says: 'share',
    alarm: 'sink-down/cloudwatch',
    at: ['9 of 18', '9 of 18', '15 of 30', '180 of 360'],
  },
  {
    setting: 'silentMinutes',
    minutes: 11,
    says: 'silence',
    alarm: 'collector-silent',
    at: ['11 of 11', '11 of 11', '15 of 15', '120 of 120'],
  },
];

/** A stack with all of these alarms. */
function alarmsAt(interval: Interval): readonly MetricAlarm[] {
  const minimal = configOf('minimal');
  const settings = Object.fromEntries(meanings.map(({ setting, minutes }) => [setting, minutes]));
  const { template } = synthesise({
    ...minimal,
    interval,
    deployment: { ...minimal.deployment, memoryMegabytes: 2048 },
    sources: [
      { ...buildkite, name: 'ci', agentTokens: [{ secret }], apiToken: { secret, key: 'api' } },
      { ...chainloop, name: 'attestations', token: { secret, key: 'chainloop' } },
      { ...chainloop, name: 'page', token: { secret, key: 'chainloop' }, read: 'relay' },
      {
        kind: 'tekton',
        name: 'cluster',
        cluster: { server: 'https://k8s.example.com', token: { secret, key: 'tekton' } },
      },
    ],
    alarms: { ...minimal.alarms, ...settings, queues: [{ source: 'ci', scope: 'unclustered', queue: 'default' }] },
  });
  return alarmsIn(template).metricAlarms;
}

describe.each(intervals.map((interval, index) => [interval, index] as const))('at %s', (interval, index) => {
  const minutesApart = { '10 seconds': 1, '1 minute': 1, '5 minutes': 5, '60 minutes': 60 }[interval];
  const alarms = alarmsAt(interval);

  it.each(meanings.map((meaning) => [meaning.alarm, meaning.setting, meaning] as const))(
    '%s means what is written at %s',
    (name, setting, { says, at }) => {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === `ci-metrics/${name}`);
      const { DatapointsToAlarm: bad = 0, EvaluationPeriods: of = 0, Threshold = 0 } = alarm ?? {};

      const above = ['age', 'atOnce', 'lag'].includes(says) ? ` > ${String(Threshold / 60)}` : '';
      expect(`${String(bad * minutesApart)} of ${String(of * minutesApart)}${above}`).toBe(at[index]);
      expect(Alarms.shape[setting].description).toMatch(wording[says]);
    },
  );

  it('each text names the window, or the age, that its alarm has', () => {
    for (const { alarm: name, says, at } of meanings) {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === `ci-metrics/${name}`);
      const [window = '', above] = (at[index] ?? '').split(' > ');
      const [bad = '', of = ''] = window.split(' of ');
      const ofAge = says === 'lag' ? `${above ?? ''} minutes behind` : `${above ?? ''} minutes`;
      const text = bad === of ? `for ${bad} minutes` : `${bad} of the last ${of} minutes`;
      expect(alarm?.AlarmDescription).toContain(above === undefined ? text : ofAge);
    }
  });
});

it('every setting in minutes is one of these', () => {
  const all = Object.keys(Alarms.shape).filter((name) => name.endsWith('Minutes'));

  expect(all.filter((name) => !meanings.some(({ setting }) => setting === name))).toEqual([]);
});
