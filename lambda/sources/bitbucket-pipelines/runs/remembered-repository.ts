/** A repository that is followed, with what is remembered of it between ticks. */

/** What decides when it is visited. */
export interface Watched {
  readonly id: string;
  /** Start of the last visit; 0 before the first. Epoch milliseconds. */
  readonly visitedMs: number;
  /** The last sign of life of a pipeline: its creation or its end. 0: none. Epoch milliseconds. */
  readonly ranMs: number;
  /** Until when a new pipeline is likely, because something was pushed. Epoch milliseconds. */
  readonly hotUntilMs: number;
  /** When an event told of a run that began or ended; absent after the next visit. Epoch milliseconds. */
  readonly hintedMs?: number | undefined;
  /** Runs that are open: `moving` ones can end at any moment, `held` ones wait for a person. */
  readonly open: { readonly moving: number; readonly held: number };
  /** `empty`: there could be pipelines, and there never was one. */
  readonly pipelines: 'unknown' | 'some' | 'none' | 'empty';
}

/** A repository that is selected, with what is remembered of it between ticks. */
export interface Repository extends Watched {
  readonly slug: string;
  /** Empty where Bitbucket does not tell. */
  readonly mainBranch: string;
  /** Highest build number that was seen. */
  readonly number: number;
  /** When its deployments were read last. Epoch milliseconds. */
  readonly deploymentsMs: number;
  /** The pass over the list of repositories that found it last. */
  readonly pass: number;
}
