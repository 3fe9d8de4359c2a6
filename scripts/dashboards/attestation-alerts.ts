/** The alerting rules on Chainloop's workflows. */
import { workflowUp } from '../../lambda/sources/chainloop/metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import { bridgedMinutes, workflowDownMinutes } from './thresholds.ts';

/** The server's own page does not know by which source it is read. */
const source = '{{ with $labels.source }} (source {{ . }}){{ end }}';
const bridged = durationOf(bridgedMinutes);

/** Alerts on the workflows of Chainloop, by its own names: they hold for its own metrics page too. */
export const attestationAlerts: readonly Alert[] = [
  {
    name: 'WorkflowDown',
    expr: `last_over_time(${selector(workflowUp)}[${bridged}]) == 0`,
    forMinutes: workflowDownMinutes,
    severity: 'critical',
    summary: `Workflow {{ $labels.workflow }} of {{ $labels.org }}${source} has been down for ${String(workflowDownMinutes)} minutes`,
    description:
      'The last attestation of the workflow was no success (failed, cancelled or expired), and none has succeeded since, so what is built meanwhile has no attestation. Open the last run in Chainloop: a policy gate, a missing material, or a CI job that died before it pushed. Where the metrics come from the metrics page of the server, a runner that the workflow has left keeps its last value until the server restarts.',
    runbook: 'workflow-down',
    reason: `The time that Chainloop itself proposes: a run, and the repair of what broke it. A value bridges ${bridged}, so that one failed poll does not start the time anew.`,
  },
];
