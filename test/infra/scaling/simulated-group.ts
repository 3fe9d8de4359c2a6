/** A simulated Auto Scaling group: instances boot, their agents take jobs from a queue, and they go as AWS ends them. */
import type { Job } from './jobs.ts';

/** How instances go: by themselves when idle, or drained when the group wants fewer. */
export type Leaving = 'protected' | 'drained' | 'by-themselves';

export interface GroupSettings {
  readonly max: number;
  readonly agents: number;
  readonly bootSeconds: number;
  readonly leaving: Leaving;
}

interface Instance {
  readonly readyAt: number;
  /** When each of its jobs ends. */
  readonly ends: number[];
  idleSince: number;
  /** It takes no more jobs, and goes when the last has ended. */
  isLeaving: boolean;
  /** Its agents have ended and it gave up its protection; they start again at this moment if it is still there. */
  restartsAt: number | undefined;
}

/** `--disconnect-after-idle-timeout` of the vendor's stack, in seconds. */
const idleSeconds = 600;
/** How long an instance without protection waits to be ended, as the script of docs/scaling-agents.md does. */
const waitsToEndSeconds = 60;

export class SimulatedGroup {
  desired = 0;
  endedBusy = 0;
  instanceSeconds = 0;
  readonly waits: number[] = [];
  readonly waiting: Job[] = [];
  readonly #settings: GroupSettings;
  #instances: Instance[] = [];

  constructor(settings: GroupSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#instances.length;
  }

  get running(): number {
    return this.#instances.reduce((sum, { ends }) => sum + ends.length, 0);
  }

  setDesired(wanted: number): void {
    this.desired = Math.min(this.#settings.max, Math.max(0, wanted));
  }

  /** One second. */
  tick(now: number): void {
    for (const instance of this.#instances) finishJobs(instance, now);
    if (this.#settings.leaving !== 'drained') this.#leaveIdle(now);
    this.#converge(now);
    this.#startJobs(now);
    this.instanceSeconds += this.#instances.length;
  }

  #leaveIdle(now: number): void {
    for (const instance of this.#instances) {
      if (instance.restartsAt !== undefined && now >= instance.restartsAt) {
        instance.restartsAt = undefined;
        instance.idleSince = now;
      }
      const isIdle = instance.ends.length === 0 && now - Math.max(instance.idleSince, instance.readyAt) >= idleSeconds;
      if (!isIdle || instance.restartsAt !== undefined) continue;
      if (this.#settings.leaving === 'protected') instance.restartsAt = now + waitsToEndSeconds;
      else {
        // The vendor's agents end their instance and lower the desired capacity with it.
        instance.isLeaving = true;
        this.desired = Math.max(0, this.desired - 1);
      }
    }
    this.#endLeaving();
  }

  /** AWS starts what is missing, and ends what is too much and may be ended. */
  #converge(now: number): void {
    const staying = this.#instances.filter(({ isLeaving }) => !isLeaving);
    for (let missing = this.desired - staying.length; missing > 0; missing -= 1) {
      const readyAt = now + this.#settings.bootSeconds;
      this.#instances.push({ readyAt, ends: [], idleSince: readyAt, isLeaving: false, restartsAt: undefined });
    }
    const surplus = Math.max(0, staying.length - this.desired);
    for (const instance of this.#chooseSurplus(staying).slice(0, surplus)) {
      instance.isLeaving = true;
      if (this.#settings.leaving === 'protected') this.endedBusy += instance.ends.length;
    }
    this.#endLeaving();
  }

  /** AWS does not know which instance is busy: the busiest go first here, for that is the worst. */
  #chooseSurplus(staying: readonly Instance[]): readonly Instance[] {
    const { leaving } = this.#settings;
    if (leaving === 'by-themselves') return [];
    if (leaving === 'protected') return staying.filter(({ restartsAt }) => restartsAt !== undefined);
    return staying.toSorted((one, other) => other.ends.length - one.ends.length);
  }

  #endLeaving(): void {
    const stays = ({ isLeaving, ends }: Instance): boolean =>
      !isLeaving || (this.#settings.leaving === 'drained' && ends.length > 0);
    this.#instances = this.#instances.filter(stays);
  }

  #startJobs(now: number): void {
    for (const instance of this.#instances) {
      if (instance.isLeaving || instance.restartsAt !== undefined || now < instance.readyAt) continue;
      while (instance.ends.length < this.#settings.agents) {
        const job = this.waiting.shift();
        if (job === undefined) return;
        instance.ends.push(now + job.takes);
        this.waits.push(now - job.arrives);
      }
    }
  }
}

function finishJobs(instance: Instance, now: number): void {
  const had = instance.ends.length;
  if (had === 0) return;
  const left = instance.ends.filter((end) => end > now);
  instance.ends.splice(0, had, ...left);
  if (left.length === 0) instance.idleSince = now;
}
