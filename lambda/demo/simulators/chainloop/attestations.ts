/** Plays a simulated Chainloop organization: workflows whose runs begin, end and expire. */
import type { Outage } from '../outage.ts';
import { drawArrivals, drawDuration, type Random, createRandom } from '../random.ts';
import { type AttestationPlan, demoAttestations, type WorkflowPlan } from './plan.ts';
import type { Records, RunRecord, WorkflowRecord } from './records.ts';

export interface AttestationOptions {
  /** Equal seeds give equal organizations, however the time is cut into steps. */
  readonly seed: number;
  /** When the simulation begins. Epoch milliseconds. */
  readonly startMs: number;
  /** Simulated seconds that pass in a real one. Default: 1. */
  readonly speed?: number;
  /** No run begins after that. Default: never. Epoch milliseconds. */
  readonly arrivalsUntilMs?: number | undefined;
  readonly plan?: AttestationPlan;
}

/** A simulated Chainloop organization. */
export interface Attestations {
  /** Lets it live until now; a time that has already passed changes nothing. Epoch milliseconds. */
  advance(nowMs: number): void;
  records(): Records;
  readonly apiToken: string;
}

/** Simulated before the start, so that the first request finds runs, and some that have expired. */
const warmUpSeconds = 2 * 3600;

/** The server marks a run that has not ended as expired after this time. */
const expirySeconds = 3600;

/** Only the latest runs are kept, because a demo may run for days. */
const keptRuns = 5000;

interface Simulated {
  readonly plan: WorkflowPlan;
  readonly record: WorkflowRecord;
  readonly random: Random;
}

type Ending = 'succeeded' | 'failed' | 'expired' | 'cancelled';

interface Planned {
  readonly run: RunRecord;
  readonly endSecond: number;
  readonly ending: Ending;
}

export function createAttestations(options: AttestationOptions): Attestations {
  const { seed, startMs, speed = 1, plan = demoAttestations, arrivalsUntilMs = Infinity } = options;
  const lastArrival = (arrivalsUntilMs - startMs) * (speed / 1000);
  const workflows = plan.workflows.map((workflow, index): Simulated => ({
    plan: workflow,
    record: { id: formatId(0xa000 + index), name: workflow.name, project: workflow.project },
    random: createRandom(seed * 1000 + index),
  }));
  let open: Planned[] = [];
  let ended: RunRecord[] = [];
  let created = 0;
  let second = -warmUpSeconds;
  // Simulated time is told in real time: a faster simulation has shorter runs.
  const convertToMs = (at: number): number => Math.round(startMs + (at * 1000) / speed);

  const start = ({ plan: workflow, record, random }: Simulated): void => {
    created += 1;
    const ending = drawEnding(workflow, second, random);
    const seconds = ending === 'expired' ? expirySeconds : drawDuration(random, workflow.meanSeconds);
    const base = {
      id: formatId(created),
      workflow: record,
      createdMs: convertToMs(second),
      runner: workflow.runner,
    } as const;
    open.push({ run: { ...base, status: 'initialized' }, endSecond: second + seconds, ending });
  };
  const end = ({ run, endSecond, ending }: Planned): void => {
    const { plan: workflow, random } = findSimulated(workflows, run);
    const isViolated = random() * 100 < (workflow.violationPercent ?? 0);
    const isBlocked = isViolated && workflow.gate === 'blocked' && ending === 'succeeded';
    ended.push({
      ...run,
      status: isBlocked ? 'failed' : ending,
      ...(ending === 'expired' ? {} : { finishedMs: convertToMs(endSecond) }),
      ...(workflow.violationPercent === undefined || ending !== 'succeeded' ? {} : makePolicy(isViolated, isBlocked)),
    });
    if (ended.length > keptRuns) ended = ended.slice(-keptRuns);
  };
  const advanceSecond = (): void => {
    second += 1;
    for (const workflow of workflows) {
      const count = second > lastArrival ? 0 : drawArrivals(workflow.random, workflow.plan.runsPerHour / 3600);
      for (let index = 0; index < count; index += 1) start(workflow);
    }
    for (const planned of open) if (planned.endSecond <= second) end(planned);
    open = open.filter(({ endSecond }) => endSecond > second);
  };
  while (second < 0) advanceSecond();

  return {
    advance: (nowMs) => {
      const until = Math.floor(((nowMs - startMs) / 1000) * speed);
      while (second < until) advanceSecond();
    },
    records: () => ({
      organization: plan.organization,
      workflows: workflows.map(({ record }) => record),
      runs: [...ended, ...open.map(({ run }) => run)],
    }),
    apiToken: plan.apiToken,
  };
}

function findSimulated(workflows: readonly Simulated[], { workflow }: RunRecord): Simulated {
  const simulated = workflows.find(({ record }) => record.id === workflow.id);
  if (simulated === undefined) throw new TypeError(`no workflow has the id ${workflow.id}`);
  return simulated;
}

function makePolicy(isViolated: boolean, isBlocked: boolean): Pick<RunRecord, 'policy'> {
  const total = 3;
  if (!isViolated) return { policy: { status: 'passed', total, violated: 0 } };
  return { policy: { status: isBlocked ? 'blocked' : 'warning', total, violated: 1 } };
}

function drawEnding({ percent, outage }: WorkflowPlan, second: number, random: Random): Ending {
  const drawn = random() * 100;
  if (outage !== undefined && isDuring(outage, second)) return 'failed';
  const { failed = 0, expired = 0, cancelled = 0 } = percent;
  if (drawn < failed) return 'failed';
  if (drawn < failed + expired) return 'expired';
  return drawn < failed + expired + cancelled ? 'cancelled' : 'succeeded';
}

function isDuring({ firstAtSeconds, everySeconds, lastsSeconds }: Outage, second: number): boolean {
  const since = second - firstAtSeconds;
  return since >= 0 && since % everySeconds < lastsSeconds;
}

/** Ids that sort by creation, in the form of a UUID. */
function formatId(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
