/** What the demo knows of a simulated CI system: its name, its sources in a configuration, and its tokens. */
import type { Clock } from '../../../runtime/clock.ts';
import type { Life } from '../fleet-life.ts';

/** A simulated CI system on loopback. */
export interface DemoSystem {
  /** As its vendor calls it. */
  readonly name: string;
  /** What an operator would write to read it; `refer` makes the reference to a token out of its name. */
  readonly describeSources: (refer: ReferToToken) => readonly object[];
  /** By the name that each has among the variables of the environment. */
  readonly tokens: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export type ReferToToken = (name: string) => object;

/** Starts one by the clock of the machine; equal lives give equal systems. */
export type OpenSystem = (life: Life, clock: Clock) => Promise<DemoSystem>;
