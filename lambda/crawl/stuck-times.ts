/** When a run counts as stuck: by what machines usually need for its pipeline. */

/** A run as a list shows it. */
type Sighting =
  | { readonly is: 'open' }
  /** How long machines worked on it, as far as that is known. Milliseconds. */
  | { readonly is: 'finished'; readonly pipeline: string; readonly workedMs: number | undefined };

type Ended = Extract<Sighting, { is: 'finished' }>;

interface OpenRun {
  readonly pipeline: string;
  /** When it was asked for. Epoch milliseconds. */
  readonly askedMs: number;
}

/** A run that takes longer than four times what most of its pipeline take is not merely slow. */
const factor = 4;

/** Of the runs on a page, the time that most stay below. */
const share = 0.95;

/** When open runs are stuck: after `atLeastMs`, and after a multiple of what their pipeline usually takes. */
export function computeStuckTimes(sights: readonly Sighting[], atLeastMs: number): (run: OpenRun) => number {
  const finished = sights.filter((sight) => sight.is === 'finished');
  const usual = new Map(
    [...Map.groupBy(finished, ({ pipeline }) => pipeline)].map(([pipeline, runs]) => [pipeline, computeUsualMs(runs)]),
  );
  return ({ pipeline, askedMs }) => askedMs + Math.max(atLeastMs, factor * (usual.get(pipeline) ?? 0));
}

/** Without the days in which a person was waited for: with them, a hang would be found after four times as many. */
function computeUsualMs(runs: readonly Ended[]): number {
  const worked = runs
    .map(({ workedMs }) => workedMs)
    .filter((workedMs) => workedMs !== undefined)
    .sort((a, b) => a - b);
  return worked[Math.ceil(worked.length * share) - 1] ?? 0;
}
