/** Histories for the alerts on Tekton, each with what must fire and what must not. */
import type { RuleCase } from './rule-cases.ts';

const base = { collector: 'ci', system: 'tekton', source: 'cluster', scope: 'team-a' } as const;

function series(name: string, more: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries({ ...base, ...more }).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(', ')}}`;
}

const taskRuns = (state: string, queue = 'team-a'): string => series('ci_tekton_taskruns', { state, queue });
const unseen = series('ci_tekton_unseen_runs');
const where = 'Namespace team-a (source cluster)';

export const tektonCases: readonly RuleCase[] = [
  {
    alert: 'TektonQuotaExceeded',
    title: 'fires once for a namespace, whatever its queues, and although a poll fails',
    series: {
      [taskRuns('quota')]: '2x4 stale 2x9',
      [taskRuns('quota', 'kueue')]: '1x14',
      [taskRuns('node')]: '0x14',
    },
    at: '12m',
    fires: [
      {
        labels: { ...base, state: 'quota' },
        summary: `${where} has 3 TaskRuns that its ResourceQuota holds back`,
      },
    ],
  },
  {
    alert: 'TektonQuotaExceeded',
    title: 'is quiet when the quota has room again in between',
    series: { [taskRuns('quota')]: '2x7 0 2x7' },
    at: '15m',
    fires: [],
  },
  {
    alert: 'TektonNodesFull',
    title: 'fires for pods that fit no node, and not for those that a quota holds back',
    series: { [taskRuns('node')]: '4x12', [taskRuns('quota')]: '0x12' },
    at: '11m',
    fires: [{ labels: { ...base, state: 'node' }, summary: `${where} has 4 TaskRuns whose pods fit no node` }],
  },
  {
    alert: 'TektonNodesFull',
    title: 'is quiet as long as an autoscaler may take',
    series: { [taskRuns('node')]: '4x12' },
    at: '9m',
    fires: [],
  },
  {
    alert: 'TektonRunsUnseen',
    title: 'fires when the controller is down',
    series: { [unseen]: '0x2 1x3 5x6' },
    at: '9m',
    fires: [{ labels: base, summary: `${where} has 5 runs that no controller has touched` }],
  },
  {
    alert: 'TektonRunsUnseen',
    title: 'is quiet while the controller restarts',
    series: { [unseen]: '0x2 3x2 0x9' },
    at: '9m',
    fires: [],
  },
];
