/** Histories for the alerts on Chainloop's attestations, each with what must fire and what must not. */
import type { RuleCase } from './rule-cases.ts';

function up(workflow: string, runner = 'GITHUB_ACTION', more = 'collector="ci", source="main", '): string {
  return `chainloop_workflow_up{${more}org="acme", workflow="${workflow}", runner="${runner}"}`;
}

const labels = { collector: 'ci', source: 'main', org: 'acme', workflow: 'build', runner: 'GITHUB_ACTION' } as const;
const summary = 'Workflow build of acme (source main) has been down for 30 minutes';

export const attestationCases: readonly RuleCase[] = [
  {
    alert: 'WorkflowDown',
    title: 'fires for the workflow that is down for half an hour, and not for the others',
    series: { [up('build')]: '1 1 0x40', [up('release')]: '1x42' },
    at: '33m',
    fires: [{ labels, summary }],
  },
  {
    alert: 'WorkflowDown',
    title: 'fires although single polls fail',
    series: { [up('build')]: '0x10 stale stale 0x30' },
    at: '31m',
    fires: [{ labels, summary }],
  },
  {
    alert: 'WorkflowDown',
    title: "fires for a scrape of Chainloop's own page, which knows no collector",
    series: { [up('build', 'GITHUB_ACTION', 'job="chainloop", ')]: '0x40' },
    at: '31m',
    fires: [
      {
        labels: { job: 'chainloop', org: 'acme', workflow: 'build', runner: 'GITHUB_ACTION' },
        summary: 'Workflow build of acme has been down for 30 minutes',
      },
    ],
  },
  {
    alert: 'WorkflowDown',
    title: 'tells which of two sources has the workflow, where both have one of its name',
    series: {
      [up('build')]: '0x40',
      [up('build', 'GITHUB_ACTION', 'collector="ci", source="other", ')]: '1x40',
    },
    at: '31m',
    fires: [{ labels, summary }],
  },
  {
    alert: 'WorkflowDown',
    title: 'is quiet before half an hour is over',
    series: { [up('build')]: '1 0x40' },
    at: '30m',
    fires: [],
  },
  {
    alert: 'WorkflowDown',
    title: 'is quiet when a run succeeds in between',
    series: { [up('build')]: '0x20 1 0x25' },
    at: '45m',
    fires: [],
  },
  {
    alert: 'WorkflowDown',
    title: 'is quiet about a workflow that is gone',
    series: { [up('build')]: '0x20 stale' },
    at: '45m',
    fires: [],
  },
];
