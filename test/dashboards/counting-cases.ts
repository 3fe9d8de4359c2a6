/** Histories for the alerts on counting, each with what must fire and what must not. */
import type { RuleCase } from './rule-cases.ts';

const sourceLabels = { collector: 'ci', system: 'buildkite', source: 'main' } as const;

function lag(source: string): string {
  return `ci_collector_watermark_lag_seconds{collector="ci", system="buildkite", source="${source}"}`;
}

const look = 'ci_collector_repository_oldest_look_seconds{collector="ci", system="buildkite", source="main"}';

function dropped(sink: string): string {
  return `ci_collector_increases_dropped{collector="ci", sink="${sink}"}`;
}

/** What a collector that counts publishes while nothing runs, for eight hours. */
export function countingNight(identity: string): Readonly<Record<string, string>> {
  return {
    [`ci_collector_watermark_lag_seconds{${identity}, system="buildkite", source="main"}`]: '120x500',
    [`ci_collector_increases_dropped{${identity}, sink="cloudwatch"}`]: '0x500',
  };
}

const late = 'Source main (buildkite) is 33m 20s behind with counting finished runs';

export const countingCases: readonly RuleCase[] = [
  {
    alert: 'CountingLate',
    title: 'fires for the source that is half an hour behind, and not for the other',
    series: { [lag('main')]: '2000x20', [lag('quick')]: '1800x20' },
    at: '6m',
    fires: [{ labels: sourceLabels, summary: late }],
  },
  {
    alert: 'CountingLate',
    title: 'fires although single polls fail',
    series: { [lag('main')]: '2000x2 stale 2000x10' },
    at: '9m',
    fires: [{ labels: sourceLabels, summary: late }],
  },
  {
    alert: 'CountingLate',
    title: 'is quiet when one list was cut short and the next catches up',
    series: { [lag('main')]: '120x5 2000x2 120x20' },
    at: '10m',
    fires: [],
  },
  {
    alert: 'CountingLate',
    title: 'is quiet for a source that reads repositories in turn, whose lag is planned',
    series: { [lag('main')]: '5000x30', [look]: '5000x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'CountingLate',
    title: 'fires beside a source of the same name that another collector reads in turn',
    series: { [lag('main')]: '2000x20', [look.replace('collector="ci"', 'collector="other"')]: '5000x20' },
    at: '6m',
    fires: [{ labels: sourceLabels, summary: late }],
  },
  {
    alert: 'LooksLate',
    title: 'fires when a repository was not read for a day',
    series: { [look]: '90000x30' },
    at: '20m',
    fires: [{ labels: sourceLabels, summary: 'A repository of source main (buildkite) was not read for 1d 1h 0m 0s' }],
  },
  {
    alert: 'LooksLate',
    title: 'is quiet while repositories wait for hours, as they do in a large workspace',
    series: { [look]: '55000x30' },
    at: '20m',
    fires: [],
  },
  {
    alert: 'IncreasesDropped',
    title: 'fires for the sink that lost some, and tells how many',
    series: { [dropped('cloudwatch')]: '0x5 7 0x20', [dropped('other')]: '0x30' },
    at: '20m',
    fires: [
      { labels: { collector: 'ci', sink: 'cloudwatch' }, summary: 'Sink cloudwatch has lost 7 increases of counters' },
    ],
  },
  {
    alert: 'IncreasesDropped',
    title: 'is over an hour later',
    series: { [dropped('cloudwatch')]: '0x5 7 0x100' },
    at: '80m',
    fires: [],
  },
];
