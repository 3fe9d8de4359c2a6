/** Checks what must hold at the end of a simulation, when everything has had the time to settle. */
import { runsFinished, systemErrors } from '../../../../lambda/model/catalogue/run-metrics.ts';
import { outboxIn, type StateDocument, stateIn, totalOf, totalWith } from './documents.ts';
import { rule } from './rules.ts';
import type { AdditiveSinkId } from '../world/sinks.ts';
import { pipelineLabel, sourceId, streamIn, type World } from '../world/world.ts';

/** 500 series and 10,000 finishes have some 200 kB; these worlds are far smaller. */
const maxStateBytes = 20_000;

const duties = ['must', 'may'] as const;

/** What holds after a calm time. */
export function checkEnd(world: World): void {
  const body = world.documents.get(sourceId)?.body ?? '';
  const state = stateIn(body);
  const settled = world.settled ?? state;
  checkTotals(world, settled);
  checkDropped(world, settled, state);
  checkLost(world, state);
  checkBackend(world, settled);
  checkMemory(world, state, body);
  checkAdditive(world, settled, 'additive/once');
  checkAdditive(world, settled, 'additive/again');
}

/** Nothing is counted in a calm time; a total that nothing touches is dropped after a month, and is not begun again. */
function checkDropped({ kind }: World, settled: StateDocument, state: StateDocument): void {
  for (const duty of duties) {
    const pipeline = pipelineLabel(kind, duty);
    const before = totalOf(settled, runsFinished.name, 'pipeline', pipeline);
    const after = totalOf(state, runsFinished.name, 'pipeline', pipeline);
    rule(after === 0 || after === before, 'a calm time counts nothing', duty, before, after);
  }
}

function checkTotals({ vendor, kind }: World, state: StateDocument): void {
  const counted = vendor.runs.flatMap(({ attempts }) => attempts).filter((a) => a.finishedMs >= state.epoch);
  const must = counted.filter(({ duty }) => duty === 'must').length;
  const may = ended(vendor, state.epoch, 0);
  const pipeline = pipelineLabel(kind, 'must');
  // Ends that a re-run has hidden are counted under the pipeline that the re-run tells, as `other`; none has to be.
  const hidden = totalWith(state, runsFinished.name, { pipeline, result: 'other' });
  const total = totalOf(state, runsFinished.name, 'pipeline', pipeline) - hidden;
  rule(
    total === must,
    'every finish since the beginning is counted once',
    `counted ${String(total)}`,
    `true ${String(must)}`,
  );
  const others = totalOf(state, runsFinished.name, 'pipeline', pipelineLabel(kind, 'may'));
  // The end that a re-run has hidden is shown by no list: what was shown as open since the beginning has ended since.
  const anyHidden = totalWith(state, runsFinished.name, { result: 'other' });
  const atMost = anyHidden > 0 ? ended(vendor, state.epoch, 1) : may;
  rule(others + hidden <= atMost, 'no finish is counted twice, nor one that did not happen', others, hidden, atMost);
}

/** Attempts that may be counted, by their end or, `lags` times, by when the vendor has shown it. */
function ended({ runs }: World['vendor'], epochMs: number, lags: 0 | 1): number {
  return runs.flatMap(({ attempts, recordLagMs }) =>
    attempts.filter(
      ({ duty, finishedMs }) =>
        duty === 'may' && Number.isFinite(finishedMs) && finishedMs + lags * recordLagMs >= epochMs,
    ),
  ).length;
}

/** A run that hangs or is deleted is told as lost, once. */
function checkLost({ vendor, kind }: World, state: StateDocument): void {
  const lost = totalOf(state, systemErrors.name, 'component', 'run');
  const hung = vendor.runs.filter(({ attempts }) => attempts.at(-1)?.finishedMs === Infinity);
  const pruned = vendor.runs.filter(({ prunedMs }) => Number.isFinite(prunedMs));
  rule(kind !== 'finish' || lost === 0, 'a list of finishes loses no run', lost);
  if (kind === 'finish') return;
  rule(lost >= hung.length, 'a run that never ends is counted as lost', lost, hung.length);
  rule(lost <= hung.length + pruned.length, 'only a run that hangs or is gone is lost', lost);
}

/** A backend that keeps running totals has the state's, whatever pushes it missed. */
function checkBackend({ backends, kind }: World, state: StateDocument): void {
  const stored = [...backends.totals].filter(([key]) => key.startsWith(runsFinished.name));
  for (const duty of duties) {
    const pipeline = pipelineLabel(kind, duty);
    const own = stored.filter(([, { labels }]) => labels['pipeline'] === pipeline);
    const total = own.reduce((sum, [, { numbers }]) => sum + (numbers[0] ?? 0), 0);
    const truth = totalOf(state, runsFinished.name, 'pipeline', pipeline);
    rule(total === truth, 'a cumulative sink ends with the true total', duty, total, truth);
  }
}

function checkMemory(world: World, state: StateDocument, body: string): void {
  const { inFlight } = state;
  const { open = [], lost = {}, seen = {} } = streamIn(world, state) ?? {};
  rule(open.length === 0, 'no run stays open for longer than it may', open.length);
  const hung = world.vendor.runs.filter(({ attempts }) => attempts.at(-1)?.finishedMs === Infinity);
  rule(Object.keys(lost).length <= hung.length, 'only what hangs is remembered as lost', Object.keys(lost).join());
  rule(Object.keys(seen).length === 0, 'finishes are forgotten', Object.keys(seen).length);
  rule(inFlight.length === 0, 'no delivery is waited for that has ended', inFlight.length);
  rule(body.length <= maxStateBytes, 'the state stays small', body.length);
}

function checkAdditive(world: World, state: StateDocument, sink: AdditiveSinkId): void {
  const { committed, reported, untold, ambiguous } = world.sinks[sink];
  const outbox = outboxIn(world.documents.get(`outbox/${sink}`)?.body);
  const pending = outbox.parcels.reduce((sum, { samples }) => sum + samples, 0);
  const stored = [...(world.backends.additive.get(sink)?.entries() ?? [])];
  const twice = stored.filter(([, { times }]) => times > 1);
  const mayRepeat = sink === 'additive/again' && ambiguous > 0;
  rule(mayRepeat || twice.length === 0, 'an increase is stored once', sink, twice.map(([key]) => key).join());

  const finished = stored.filter(([key]) => key.includes(` ${runsFinished.name}`));
  const added = finished.reduce((sum, [, { value }]) => sum + value, 0);
  const truth = duties.reduce(
    (sum, duty) => sum + totalOf(state, runsFinished.name, 'pipeline', pipelineLabel(world.kind, duty)),
    0,
  );
  rule(added <= truth, 'an additive sink never has more than what finished', sink, added, truth);

  const known = stored.length + pending + reported + untold;
  const figures = [`stored ${String(stored.length)}`, `reported ${String(reported)}`, `untold ${String(untold)}`];
  rule(known >= committed, 'what an additive sink lacks is told', sink, `committed ${String(committed)}`, ...figures);
  rule(pending === 0, 'nothing waits for ever', sink, pending);
  const isExact = stored.length === committed && added === truth;
  rule(!world.isClean || isExact, 'an additive sink has everything when no answer was lost', sink, added, truth);
  rule(!world.isClean || reported === 0, 'nothing is told as lost when nothing was', sink, reported);
  if (world.isClean && truth > 0) world.events.add('finishes and no fault of a delivery');
}
