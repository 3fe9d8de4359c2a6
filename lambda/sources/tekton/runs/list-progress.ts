/** Tells how far lists came that one run cannot read, and what was not reached. */
import type { Problem } from '../../../model/problem.ts';
import type { ListReading } from './read-list.ts';

/** A message with more names would be too long to read; the others are counted. */
const namedLists = 8;

/** One problem for all lists of a cluster that is too large for the time of a run. */
export function describeProgress(readings: readonly ListReading[], where: string): readonly Problem[] {
  const cut = readings.filter(({ isTimeUp, runs }) => isTimeUp && runs > 0);
  const unread = readings.filter(({ isTimeUp, runs }) => isTimeUp && runs === 0);
  const ended = readings.filter(({ error, isWhole }) => error === undefined && !isWhole);
  if (cut.length + unread.length + ended.length === 0) return [];
  const parts = [
    ...shortenList(cut.map(describeCut)),
    ...(unread.length === 0 ? [] : [`not reached: ${joinNames(unread)}`]),
    ...shortenList(ended.map(describeEnd)),
    ...describeLostChanges(readings),
  ];
  const goesOn = cut.length + unread.length > 0 ? 'The next run goes on there' : 'The next run begins anew';
  const message = `one run is not enough for the lists of this cluster: ${parts.join('; ')}. ${goesOn}, ${effect}; ${remedy}`;
  return [{ kind: 'timeout', where, message }];
}

const effect =
  'after it has read what changed since this one; levels are published of namespaces that one run reads whole';
const remedy = 'prune finished runs, name namespaces, set a labelSelector, or give the run more time';

function describeCut(reading: ListReading): string {
  const { runs, round, next, left, target } = reading;
  const total = left === undefined ? '' : ` of about ${String(round.rows + runs + left)}`;
  const at = next?.at === undefined || target.namespace !== undefined ? '' : ` up to namespace ${next.at.namespace}`;
  return `${formatName(reading)} were read${at} (${String(round.rows + runs)}${total}, in ${formatRuns(reading)})`;
}

function describeEnd(reading: ListReading): string {
  const { round, runs } = reading;
  return `${formatName(reading)} were read to their end (${String(round.rows + runs)}, in ${formatRuns(reading)})`;
}

function formatRuns({ round }: ListReading): string {
  return round.runs === 0 ? '1 run' : `${String(round.runs + 1)} runs`;
}

function describeLostChanges(readings: readonly ListReading[]): readonly string[] {
  const lost = readings.filter(({ changes }) => changes?.isLost === true);
  return lost.length === 0
    ? []
    : [`the API server no longer knew what has changed since the run before in ${joinNames(lost)}`];
}

function joinNames(readings: readonly ListReading[]): string {
  return shortenList(readings.map(formatName)).join(', ');
}

function shortenList(parts: readonly string[]): readonly string[] {
  const more = parts.length - namedLists;
  return more <= 0 ? parts : [...parts.slice(0, namedLists), `${String(more)} more lists likewise`];
}

function formatName({ target: { kind, namespace } }: ListReading): string {
  return namespace === undefined ? kind : `${kind} of ${namespace}`;
}
