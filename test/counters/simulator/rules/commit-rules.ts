/** Checks what each saved state promises, compared with the state before it. */
import { computeMostApartMs } from '../../../../lambda/counters/tick/proven-time.ts';
import { deliveryIdOf, outboxIn, ownDelivery, type StateDocument, stateIn } from './documents.ts';
import { isCrawled } from '../histories/fleet.ts';
import type { History } from '../histories/history.ts';
import { rule } from './rules.ts';
import { booksOf, minuteMs, sourceId, streamIn, type World } from '../world/world.ts';

/** What has to be known of an invocation to judge what it saves. */
export interface Reader {
  readonly readFailed: boolean;
  readonly listIsComplete: boolean;
  /** By its own clock. Epoch milliseconds. */
  readonly startedMs: number;
  /** By sink: what its report would tell. */
  readonly carried: Map<string, number>;
}

/** What each saved state promises, compared with the one before. */
export function checkCommit(
  world: World,
  history: History,
  reader: Reader,
  saved: { readonly body: string; readonly before: string | undefined },
): void {
  const state = stateIn(saved.body);
  const before = saved.before === undefined ? undefined : stateIn(saved.before);
  checkProgress(world, reader, state, before);
  const hasThrown = reader.readFailed && !isCrawled(history.kind) && history.habits.onError === 'throws';
  rule(!hasThrown, 'a source that failed leaves its state as it was');

  const stream = streamIn(world, state);
  const earlier = before === undefined ? undefined : streamIn(world, before);
  const hasMoved = earlier !== undefined && (stream?.mark ?? 0) > earlier.mark;
  rule(reader.listIsComplete || !hasMoved, 'only a complete read moves the watermark');

  const attempts = world.vendor.runs.reduce((sum, run) => sum + run.attempts.length, 0);
  // GitHub's attempts are open one by one.
  const mostOpen = history.kind === 'github' ? attempts : world.vendor.runs.length;
  rule((stream?.open.length ?? 0) <= mostOpen, 'only runs are open');
  rule(Object.keys(stream?.seen ?? {}).length <= attempts, 'only finishes are remembered');
  bookCommit(world, reader, state, before);
}

/** A tick that is so much later than the clock is that of another clock. */
const scheduleAheadMs = minuteMs;

function checkProgress(
  world: World,
  { startedMs }: Reader,
  state: StateDocument,
  before: StateDocument | undefined,
): void {
  const mark = streamIn(world, state)?.mark ?? 0;
  const earlierMark = before === undefined ? 0 : (streamIn(world, before)?.mark ?? 0);
  rule(mark <= Math.max(state.tick, earlierMark), 'the watermark never passes the tick');
  if (before === undefined) return;
  const isFar = before.tick - state.tick > computeMostApartMs({ intervalMs: minuteMs });
  const isSetBack = before.tick > state.tick && (isFar || before.tick - startedMs > scheduleAheadMs);
  rule(state.tick > before.tick || isSetBack, 'the tick never goes back', before.tick, state.tick);
  if (isSetBack) world.events.add('a state of a later clock is set back');
  // A beginning that has not come yet is that of a clock that was ahead.
  const isCorrected = before.epoch > world.nowMs && state.epoch < before.epoch;
  rule(state.epoch === before.epoch || isCorrected, 'counting begins once', before.epoch, state.epoch);
  rule(mark >= earlierMark || isCorrected, 'the watermark never goes back');
}

/** What this commit owes to additive sinks, and what of earlier debts it writes off. */
function bookCommit(world: World, reader: Reader, state: StateDocument, before: StateDocument | undefined): void {
  const own = ownDelivery(state);
  for (const sink of own?.sinks ?? []) booksOf(world, sink).committed += own?.samples ?? 0;
  for (const { sinks, samples, ...delivery } of before?.inFlight ?? []) {
    const id = deliveryIdOf({ sinks, samples, ...delivery });
    const kept = state.inFlight.find((entry) => deliveryIdOf(entry) === id)?.sinks ?? [];
    for (const sink of sinks.filter((id) => !kept.includes(id))) {
      const { settled } = outboxIn(world.documents.get(`outbox/${sink}`)?.body);
      if (settled[sourceId]?.includes(id) !== true) carry(reader, sink, samples);
    }
  }
}

/** Parcels that leave an outbox were delivered or given up; in the second case the report has to tell. */
export function carryAbandoned(reader: Reader, id: string, body: string, before: string | undefined): void {
  const kept = outboxIn(body).parcels.reduce((sum, { samples }) => sum + samples, 0);
  const had = outboxIn(before).parcels.reduce((sum, { samples }) => sum + samples, 0);
  carry(reader, id.replace('outbox/', ''), Math.max(0, had - kept));
}

export function carry({ carried }: Pick<Reader, 'carried'>, sink: string, samples: number): void {
  carried.set(sink, (carried.get(sink) ?? 0) + samples);
}
