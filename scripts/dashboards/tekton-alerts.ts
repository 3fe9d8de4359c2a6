/** The alerting rules on clusters with Tekton. */
import { taskRuns, unseenRuns } from '../../lambda/sources/tekton/metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import { bridgedMinutes, throttledMinutes, unseenMinutes } from './thresholds.ts';

const bridged = durationOf(bridgedMinutes);
const place = 'Namespace {{ $labels.scope }} (source {{ $labels.source }})';
const reason = `TaskRuns wait for a moment whenever others end; above 0 for longer, they wait for somebody to act. A value bridges ${bridged}, so that one failed poll does not start the time anew.`;

/** TaskRuns of a namespace, whatever their queue. */
function waiting(state: 'quota' | 'node'): string {
  return `sum without (queue) (last_over_time(${selector(taskRuns, { state })}[${bridged}])) > 0`;
}

/** Alerts on clusters with Tekton; the same questions as the alarms of the stack. */
export const tektonAlerts: readonly Alert[] = [
  {
    name: 'TektonQuotaExceeded',
    expr: waiting('quota'),
    forMinutes: throttledMinutes,
    severity: 'warning',
    summary: `${place} has {{ $value }} TaskRuns that its ResourceQuota holds back`,
    description:
      'Tekton cannot make the pods of these TaskRuns, for they would exceed the ResourceQuota of the namespace, and tries again and again. Raise the quota, lower what the steps request, or start fewer runs at once.',
    runbook: 'tekton-quota',
    reason,
  },
  {
    name: 'TektonNodesFull',
    expr: waiting('node'),
    forMinutes: throttledMinutes,
    severity: 'warning',
    summary: `${place} has {{ $value }} TaskRuns whose pods fit no node`,
    description:
      'The scheduler finds no node for the pods of these TaskRuns: all are full, or none has what the pod asks for (size, selector, toleration, zone of a volume). Look whether the autoscaler is at its limit or cannot make such a node.',
    runbook: 'tekton-node',
    reason,
  },
  {
    name: 'TektonRunsUnseen',
    expr: `last_over_time(${selector(unseenRuns)}[${bridged}]) > 0`,
    forMinutes: unseenMinutes,
    severity: 'critical',
    summary: `${place} has {{ $value }} runs that no controller has touched`,
    description:
      'Runs have existed for more than two minutes without a status: the controller of Tekton is down, cannot reach the API server, or is far behind. Nothing in the cluster starts until it is back. Runs with spec.managedBy belong to another controller and look the same.',
    runbook: 'tekton-unseen',
    reason:
      'A controller that works writes the first status within seconds, and the figure waits two minutes itself; the rest is for its restart.',
  },
];
