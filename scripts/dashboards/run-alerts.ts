/** The alerting rules on runs and their jobs. */
import { failedResults, verdictResults } from '../../lambda/model/catalogue/results.ts';
import { tokenExpiry, tokenLifetime } from '../../lambda/model/catalogue/collector-metrics.ts';
import { shareOfShortLife, thresholdsOfShortLife } from '../../lambda/model/credential.ts';
import { jobWait } from '../../lambda/model/catalogue/job-metrics.ts';
import { queueOldestWait } from '../../lambda/model/catalogue/queue-metrics.ts';
import { runLastResult, runsFinished, runsStuck, systemErrors } from '../../lambda/model/catalogue/run-metrics.ts';
import type { Alert } from './alert.ts';
import { durationOf, selector } from './promql.ts';
import {
  bridgedMinutes,
  brokenMinutes,
  failureRatio,
  leastRuns,
  oldestWaitMinutes,
  stuckRunsMinutes,
  systemErrorCount,
  tokenDays,
  waitedMinutes,
  waitObjective,
} from './thresholds.ts';

const queue = 'Queue {{ $labels.queue }} of {{ $labels.scope }} (source {{ $labels.source }})';
const pipeline = 'Pipeline {{ $labels.pipeline }} of {{ $labels.scope }} (source {{ $labels.source }})';
const longLife = `${String(tokenDays)} * 86400`;
const shortLife = `${String(thresholdsOfShortLife * tokenDays)} * 86400`;
const bridged = durationOf(bridgedMinutes);

const verdicts = `result=~"${verdictResults.join('|')}"`;
const failures = `result=~"${failedResults.join('|')}"`;

/** Finished runs of an hour, a series a pipeline; a cancelled or skipped run says nothing about it. */
function runsOfAnHour(results: string): string {
  return `sum without (result, attempt, branch) (increase(${selector(runsFinished, {}, [results])}[1h]))`;
}

/**
 * Share of the jobs of a time that waited too long. Prometheus 3 rewrites the bounds of scraped histograms to floats, so
 * both spellings are meant.
 */
function slowShare(range: string): string {
  const bound = `le=~"${String(waitObjective.seconds)}([.]0)?"`;
  const prompt = `rate(${jobWait.name}_bucket{${bound}}[${range}])`;
  return `(1 - sum without (le) (${prompt}) / rate(${jobWait.name}_count[${range}]))`;
}

const burning = `${String(waitObjective.fastBurn)} * (1 - ${String(waitObjective.share)})`;

/** Alerts on waits and runs; the same questions as the alarms of the stack. */
export const runAlerts: readonly Alert[] = [
  {
    name: 'QueueOldestWait',
    expr: `last_over_time(${selector(queueOldestWait)}[${bridged}]) > ${String(oldestWaitMinutes * 60)}`,
    forMinutes: waitedMinutes,
    severity: 'critical',
    summary: `${queue} has had a job waiting for {{ $value | humanizeDuration }}`,
    description:
      'The oldest queued job waits for longer than anybody should. The workers of the queue are too few, paused, or do not fit the job. A queue that finishes nothing at all shows nowhere else: no job of it ends.',
    runbook: 'any-queue-waits',
    reason: `The threshold of the stack's alarms. A burst drains within ${durationOf(waitedMinutes)}.`,
  },
  {
    name: 'JobWaitObjectiveBurning',
    expr: `${slowShare('1h')} > ${burning}\n  and ${slowShare('5m')} > ${burning}`,
    forMinutes: 2,
    severity: 'warning',
    summary: `${queue}: {{ $value | humanizePercentage }} of the jobs of the last hour waited for more than ${String(waitObjective.seconds / 60)} minutes`,
    description:
      'So many jobs wait too long that the allowance of a month would be used up in two days. The pool of workers is too small for the load, or workers have become slow to start.',
    runbook: 'any-queue-waits',
    reason: `An objective of ${String(waitObjective.share * 100)} % within ${String(waitObjective.seconds)} s; ${String(waitObjective.fastBurn)} times its allowance is ${String(Math.round(waitObjective.fastBurn * (1 - waitObjective.share) * 100))} %. A stricter objective makes it fire earlier; below 93.1 % it could never fire.`,
  },
  {
    name: 'PipelineFailing',
    expr: `${runsOfAnHour(failures)}\n  / ${runsOfAnHour(verdicts)} >= ${String(failureRatio)}\n  and ${runsOfAnHour(verdicts)} > ${String(leastRuns - 0.5)}`,
    forMinutes: 5,
    severity: 'warning',
    summary: `${pipeline}: {{ $value | humanizePercentage }} of the runs of the last hour failed`,
    description:
      'Many runs of the pipeline failed, timed out or met an error of the CI system within an hour. Cancelled and skipped runs do not count. Look whether they fail at the same step: then a dependency, an image or a credential has changed.',
    runbook: 'pipeline-failing',
    reason: `increase() extrapolates to fractions, so ${String(leastRuns)} runs are more than ${String(leastRuns - 0.5)}; fewer make no ratio.`,
  },
  {
    name: 'MainBroken',
    expr: `${selector(runLastResult, { branch: 'main' })} == 0`,
    forMinutes: brokenMinutes,
    severity: 'warning',
    summary: `${pipeline} has not succeeded on its main branch since its last failure`,
    description:
      'The newest run of the main branch that came to a verdict was no success; an older run that ends late does not change that. Everybody who branches off now starts from a broken state: fix it or revert.',
    runbook: 'main-broken',
    reason: `A run and its repair take less than ${durationOf(brokenMinutes)}.`,
  },
  {
    name: 'RunsStuck',
    expr: `last_over_time(${selector(runsStuck)}[${bridged}]) > 0`,
    forMinutes: stuckRunsMinutes,
    severity: 'warning',
    summary: `${pipeline} has {{ $value }} runs that are open far longer than usual`,
    description:
      'Runs are open although runs of this pipeline usually end much sooner: they hang, wait for a person or for a worker that will not come, and may block others. Look at the oldest one and cancel what nobody waits for.',
    runbook: 'runs-stuck',
    reason: 'The time of the stack’s alarm: what is far beyond the usual does not end in between.',
  },
  {
    name: 'SystemErrors',
    expr: `sum without (component) (increase(${selector(systemErrors)}[15m])) > ${String(systemErrorCount - 0.5)}`,
    forMinutes: 2,
    severity: 'warning',
    summary:
      'Source {{ $labels.source }} ({{ $labels.system }}): about {{ $value | humanize }} faults of the CI system in 15 minutes ({{ $labels.error }})',
    description:
      'The CI system itself fails: agents are lost, jobs expire, runs vanish, or its data contradicts itself. The label "error" tells which. Builds that fail for this reason count as result "error", not "failure".',
    runbook: 'system-errors',
    reason: 'The threshold of the stack’s alarm; workers that are reclaimed by the cloud are lost one by one.',
  },
  {
    name: 'TokenExpiring',
    expr: [
      `${selector(tokenExpiry)} - time() < ${longLife} unless ${selector(tokenLifetime)} < ${shortLife}`,
      `or ${selector(tokenExpiry)} - time() < (${selector(tokenLifetime)} < ${shortLife}) / ${String(shareOfShortLife)}`,
    ].join(' '),
    forMinutes: 5,
    severity: 'warning',
    summary:
      'A credential of source {{ $labels.source }} ({{ $labels.system }}) ends in {{ $value | humanizeDuration }}',
    description:
      'The CI system refuses the collector from then on. Create a new token with the same scopes and put it into the secret; it is read within minutes, and nothing has to be deployed.',
    runbook: 'token-expiring',
    reason: `${String(tokenDays)} days outlast holidays. What lives shorter than twice as long is renewed by a machine, which is late in the last twentieth of its life.`,
  },
];
