/** Everything that outlives one invocation in a simulation, and what is known of it from outside. */
import type { Stream } from '../../../../lambda/counters/ledger.ts';
import type { RunPages } from '../../../../lambda/sources/bitbucket-pipelines/runs/list-runs.ts';
import type { RunPages as GithubRunPages } from '../../../../lambda/sources/github-actions/runs/list-runs.ts';
import { createPageCache } from '../../../../lambda/crawl/page-cache.ts';
import { bitbucketPipeline, bitbucketStreams } from './bitbucket.ts';
import { type Delivery, githubStreams, planDeliveries } from './github.ts';
import type { Documents } from './store.ts';
import { type StateDocument, stateIn } from '../rules/documents.ts';
import { type Kind, runOf } from '../histories/fleet.ts';
import type { History } from '../histories/history.ts';
import { type AdditiveSinkId, additiveSinks, type Backends, newBackends } from './sinks.ts';
import { simulatedStream } from './source.ts';
import { newVendor, type Vendor } from './vendor.ts';

export const minuteMs = 60_000;

/** When the first tick is due. */
export const baseMs = Date.UTC(2026, 0, 5, 12);

export const sourceId = 'simulated/vendor';

/** Everything that outlives an invocation, and what is known of it from outside. */
export interface World {
  nowMs: number;
  /** Until when the vendor refuses every request. */
  refusedUntilMs: number;
  readonly kind: Kind;
  readonly vendor: Vendor;
  readonly documents: Documents;
  readonly backends: Backends;
  readonly pages: RunPages;
  readonly githubPages: GithubRunPages;
  /** What the webhook has sent and will send, until it is removed. */
  readonly queue: Delivery[];
  readonly sinks: Readonly<Record<AdditiveSinkId, SinkBooks>>;
  /** Before what is open for too long is given up; then totals that nothing has touched for as long are dropped as well. */
  settled: StateDocument | undefined;
  /** Nothing was lost or cut off on the way to an additive sink. */
  isClean: boolean;
  /** What went wrong in this history, by name: a check that no history ever puts to the test proves nothing. */
  readonly events: Set<string>;
  readonly failures: Error[];
}

/** What is known of one additive sink from outside; samples. */
export interface SinkBooks {
  committed: number;
  /** Told by the collector's own metrics as unconfirmed or dropped. */
  reported: number;
  /** What processes that died, or did not know of their commit, would have told at most. */
  untold: number;
  ambiguous: number;
}

export function newWorld({ kind, runs: specs }: History): World {
  const runs = specs.map((spec, index) => runOf(spec, index, kind, baseMs));
  const books = (): SinkBooks => ({ committed: 0, reported: 0, untold: 0, ambiguous: 0 });
  return {
    nowMs: baseMs,
    refusedUntilMs: -Infinity,
    kind,
    vendor: newVendor(runs, kind),
    documents: new Map(),
    backends: newBackends(),
    pages: createPageCache(),
    githubPages: createPageCache(),
    queue: kind === 'github' ? planDeliveries(runs) : [],
    sinks: { 'additive/once': books(), 'additive/again': books() },
    settled: undefined,
    isClean: true,
    events: new Set(runs.flatMap(({ attempts }) => (attempts.length > 1 ? ['a run is started again'] : []))),
    failures: [],
  };
}

export function booksOf(world: World, sink: string): SinkBooks {
  if (!isAdditive(sink)) throw new RangeError(`${sink} is no additive sink`);
  return world.sinks[sink];
}

export function isAdditive(id: string): id is AdditiveSinkId {
  return Object.hasOwn(additiveSinks, id);
}

/** The streams that a simulation follows, which are alike but for their names. */
export function streamsOf(kind: Kind): readonly Stream[] {
  if (kind === 'github') return githubStreams;
  return kind === 'bitbucket' ? bitbucketStreams : [simulatedStream];
}

/** The `pipeline` label of runs that have to be counted, or that may be. */
export function pipelineLabel(kind: Kind, duty: 'must' | 'may'): string {
  return kind === 'bitbucket' ? bitbucketPipeline(duty) : duty;
}

type FollowedStream = Pick<StateDocument['streams'][string], 'mark' | 'open' | 'lost' | 'seen'>;

/** What the state says of all streams that are followed, as if they were one; undefined before anything was saved. */
export function streamIn({ kind }: World, { streams }: StateDocument): FollowedStream | undefined {
  const followed = streamsOf(kind).flatMap(({ name }) => streams[name] ?? []);
  if (followed.length === 0) return undefined;
  return {
    mark: Math.min(...followed.map(({ mark }) => mark)),
    open: followed.flatMap(({ open }) => open),
    lost: Object.fromEntries(followed.flatMap(({ lost }) => Object.entries(lost))),
    seen: Object.fromEntries(followed.flatMap(({ seen }) => Object.entries(seen))),
  };
}

export function savedState({ documents }: World): StateDocument | undefined {
  const stored = documents.get(sourceId);
  return stored === undefined ? undefined : stateIn(stored.body);
}
