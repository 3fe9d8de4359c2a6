/** Tells how far lists came that one run cannot read, and what was not reached. */
import type { Problem } from '../../../model/problem.ts';
import type { ListReading } from './read-list.ts';

/** More names would be no line that anybody reads; the others are counted. */
const namedLists = 8;

/** One problem for all lists of a cluster that is too large for the time of a run. */
export function progressProblems(readings: readonly ListReading[], where: string): readonly Problem[] {
  const cut = readings.filter(({ isTimeUp, runs }) => isTimeUp && runs > 0);
  const unread = readings.filter(({ isTimeUp, runs }) => isTimeUp && runs === 0);
  const ended = readings.filter(({ failure, isWhole }) => failure === undefined && !isWhole);
  if (cut.length + unread.length + ended.length === 0) return [];
  const parts = [
    ...enumerated(cut.map(cutOf)),
    ...(unread.length === 0 ? [] : [`not reached: ${namesOf(unread)}`]),
    ...enumerated(ended.map(endOf)),
    ...lostChanges(readings),
  ];
  const goesOn = cut.length + unread.length > 0 ? 'The next run goes on there' : 'The next run begins anew';
  const message = `one run is not enough for the lists of this cluster: ${parts.join('; ')}. ${goesOn}, ${effect}; ${remedy}`;
  return [{ kind: 'timeout', where, message }];
}

const effect =
  'after it has read what changed since this one; levels are published of namespaces that one run reads whole';
const remedy = 'prune finished runs, name namespaces, set a labelSelector, or give the run more time';

function cutOf(reading: ListReading): string {
  const { runs, round, next, left, place } = reading;
  const total = left === undefined ? '' : ` of about ${String(round.rows + runs + left)}`;
  const at = next?.at === undefined || place.namespace !== undefined ? '' : ` up to namespace ${next.at.namespace}`;
  return `${nameOf(reading)} were read${at} (${String(round.rows + runs)}${total}, in ${runsOf(reading)})`;
}

function endOf(reading: ListReading): string {
  const { round, runs } = reading;
  return `${nameOf(reading)} were read to their end (${String(round.rows + runs)}, in ${runsOf(reading)})`;
}

function runsOf({ round }: ListReading): string {
  return round.runs === 0 ? '1 run' : `${String(round.runs + 1)} runs`;
}

function lostChanges(readings: readonly ListReading[]): readonly string[] {
  const lost = readings.filter(({ changes }) => changes?.isLost === true);
  return lost.length === 0
    ? []
    : [`the API server no longer knew what has changed since the run before in ${namesOf(lost)}`];
}

function namesOf(readings: readonly ListReading[]): string {
  return enumerated(readings.map(nameOf)).join(', ');
}

function enumerated(parts: readonly string[]): readonly string[] {
  const more = parts.length - namedLists;
  return more <= 0 ? parts : [...parts.slice(0, namedLists), `${String(more)} more lists likewise`];
}

function nameOf({ place: { kind, namespace } }: ListReading): string {
  return namespace === undefined ? kind : `${kind} of ${namespace}`;
}
