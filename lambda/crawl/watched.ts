/** What a plan of visits has to know of a repository. */

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
  /** `none`: the CI system says that it has none. `empty`: there could be some, and there never was one. */
  readonly pipelines: 'unknown' | 'some' | 'none' | 'empty';
}
