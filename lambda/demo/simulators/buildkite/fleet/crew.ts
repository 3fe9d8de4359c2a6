/** Plays the agents of a simulated queue: fixed ones with outages, scaled ones and hosted ones. */
import type { Outage } from '../../outage.ts';
import type { AgentPlan } from './plan.ts';
import { drawBetween, type Random } from '../../random.ts';

/** What the agents of a queue need to know of it when they come and go. */
export interface Demand {
  readonly queued: number;
  readonly running: number;
}

/** How many workers a queue has in a second; those that work stay until they are done, except in an outage. */
export interface Crew {
  /** @returns the workers there are now, and whether running jobs are thrown back into the queue. */
  at(second: number, demand: Demand): { readonly count: number; readonly areLost: boolean };
}

export function createCrew(plan: AgentPlan, random: Random): Crew {
  switch (plan.kind) {
    case 'fixed':
      return createFixedCrew(plan, random);
    case 'scaled':
      return createScaledCrew(plan);
    case 'hosted':
      return { at: () => ({ count: plan.most, areLost: false }) };
  }
}

/** Always there, unless an outage takes all of them. */
function createFixedCrew({ count, outage }: AgentPlan & { readonly kind: 'fixed' }, random: Random): Crew {
  const isOut = outage === undefined ? (): boolean => false : planOutages(outage, random);
  return {
    at: (second) => {
      const areLost = isOut(second);
      return { count: areLost ? 0 : count, areLost };
    },
  };
}

/** Each outage starts up to a tenth of its period later than planned, so that no two look the same. */
function planOutages(
  { firstAtSeconds, everySeconds, lastsSeconds }: Outage,
  random: Random,
): (second: number) => boolean {
  let startsAt = firstAtSeconds;
  return (second) => {
    if (second >= startsAt + lastsSeconds)
      startsAt += everySeconds + drawBetween(random, 0, Math.floor(everySeconds / 10));
    return second >= startsAt && second < startsAt + lastsSeconds;
  };
}

/** One agent at a time, as an autoscaling group does it: too late for a burst, and gone when it is over. */
function createScaledCrew({ least, most, startSeconds, idleSeconds }: AgentPlan & { readonly kind: 'scaled' }): Crew {
  let count = least;
  let shortFor = 0;
  let idleFor = 0;
  return {
    at: (_, { queued, running }) => {
      const isShort = queued > 0 && count < most;
      const isIdle = queued === 0 && running < count && count > least;
      shortFor = isShort ? shortFor + 1 : 0;
      idleFor = isIdle ? idleFor + 1 : 0;
      if (shortFor >= startSeconds) {
        count += 1;
        shortFor = 0;
      }
      if (idleFor >= idleSeconds) {
        count -= 1;
        idleFor = 0;
      }
      return { count, areLost: false };
    },
  };
}
