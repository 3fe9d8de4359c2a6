/** Declares the series of open builds and jobs at 0. */
import type { Ledger } from '../../../counters/ledger.ts';
import { jobBusySeconds, jobsFinished, jobWait } from '../../../model/catalogue/job-metrics.ts';
import { runsFinished, runWait } from '../../../model/catalogue/run-metrics.ts';
import { findQueueId } from '../queues/queue-names.ts';
import { type BuildLists, type CountOptions, selectBuilds } from './count-builds.ts';

/** What nearly every series of results has; the others appear with their first event. */
const usualResults = ['success', 'failure'] as const;

/** Makes the series of open builds and jobs exist at 0 before they end, so that `increase()` sees their first finish. */
export function declareSeries(ledger: Ledger, { active }: BuildLists, options: CountOptions): void {
  const { source, organization: scope, classifyBranch, isPipelineSelected, isQueueSelected, jobs } = options;
  for (const { pipeline, build } of selectBuilds(active?.value ?? [], isPipelineSelected)) {
    const labels = { system: 'buildkite', source, scope, pipeline };
    const branch = classifyBranch(build);
    ledger.declare(runWait, labels);
    for (const result of usualResults) ledger.declare(runsFinished, { ...labels, result, attempt: 'first', branch });
    if (jobs === 'skip') continue;
    for (const job of build.jobs.readable) {
      const queueId = findQueueId(job, options);
      if (queueId === undefined || !isQueueSelected(queueId.queue)) continue;
      const ofQueue = { system: 'buildkite', source, ...queueId };
      ledger.declare(jobWait, ofQueue);
      ledger.declare(jobBusySeconds, ofQueue);
      for (const result of usualResults) ledger.declare(jobsFinished, { ...ofQueue, result });
    }
  }
}
