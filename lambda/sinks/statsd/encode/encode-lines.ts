/** Makes the lines of a batch; what no StatsD would take is left out and reported. */
import { matchSelection } from '../../../settings/glob.ts';
import type { Batch } from '../../../model/batch.ts';
import type { MetricFamily } from '../../../model/metric.ts';
import { collectFindings, type Finding, type Findings } from '../../../series/losses/findings.ts';
import type { StatsdConfig } from '../config.ts';
import { createNaming, type NamingSettings, type SeriesName } from './series-names.ts';
import { extractFigures } from '../../../series/sent-figures.ts';

/** One figure, as one line or, for a level below 0, two. */
export interface Line {
  readonly text: string;
  readonly bytes: number;
  /** Levels replace each other, sums are added up. */
  readonly reading: 'level' | 'sum';
  /** Of one that waited in the outbox; default: the tick of the run. Epoch milliseconds. */
  readonly tickMs?: number;
}

/**
 * `number`: not a finite one; `size`: longer than a datagram; `collision`: another series has the same cleaned name, and
 * its level is kept; `merged`: another series has the same cleaned name, and both are added up under it.
 */
export type FindingReason = 'number' | 'size' | 'collision' | 'merged';

export interface Encoding {
  /** Levels first; each is made when it is asked for, and can be had once. */
  readonly lines: Iterable<Line>;
  /** What of the lines that were made so far is not as it was given. */
  readonly findings: () => readonly Finding<FindingReason>[];
  /** Increases and observations among what was left out so far. */
  readonly lostSums: () => number;
}

export interface EncodeSettings extends NamingSettings {
  readonly config: NamingSettings['config'] &
    Pick<StatsdConfig, 'metrics' | 'observations' | 'timestamps' | 'datagramBytes'>;
}

/** Pure: the same batch gives the same lines, for the dry run as for the delivery. */
export function encodeLines(batch: Batch, settings: EncodeSettings): Encoding {
  const notes = createNotes();
  return { lines: generateLines(batch, settings, notes), findings: notes.findings.list, lostSums: notes.lostSums };
}

/** Levels go first: what is added up can wait for a later run, and a level cannot. */
function* generateLines(batch: Batch, settings: EncodeSettings, notes: Notes): Generator<Line> {
  const isSelected = matchSelection(settings.config.metrics ?? {});
  const families = [...batch.sources.flatMap((output) => output.families), ...batch.health];
  const selected = families.filter(({ definition }) => isSelected(definition.name));
  for (const reading of ['level', 'sum'] as const)
    for (const family of selected)
      if (chooseReading(family) === reading) yield* encodeFamily(family, batch.tickMs, settings, notes);
}

function chooseReading({ type }: MetricFamily): Line['reading'] {
  return type === 'gauge' ? 'level' : 'sum';
}

interface Notes {
  readonly findings: Findings<FindingReason>;
  readonly lostSums: () => number;
  /** False where another series of this batch has the same name already. */
  readonly claim: (key: string) => boolean;
  readonly note: (reason: FindingReason, metric: string, example: string, reading: Line['reading']) => void;
}

function createNotes(): Notes {
  const findings = collectFindings<FindingReason>();
  const claimed = new Set<string>();
  let lost = 0;
  return {
    findings,
    lostSums: () => lost,
    claim: (key) => {
      const isFirst = !claimed.has(key);
      claimed.add(key);
      return isFirst;
    },
    note: (reason, metric, example, reading) => {
      findings.note(reason, metric, () => example);
      if (reading === 'sum' && reason !== 'merged') lost += 1;
    },
  };
}

const reasonOfTaken = { level: 'collision', sum: 'merged' } as const;

function* encodeFamily(family: MetricFamily, tickMs: number, settings: EncodeSettings, notes: Notes): Generator<Line> {
  const { definition } = family;
  const makeName = createNaming(definition, settings);
  const reading = chooseReading(family);
  const write = createWriter(family.type, tickMs, settings.config);
  const convert = chooseConversion(family.type, settings.config);
  for (const { labels, values } of extractFigures(family)) {
    const series = makeName(labels);
    const key = series.tags === '' ? series.name : [series.name, series.tags].join('|');
    const isTaken = !notes.claim(key);
    if (isTaken) notes.note(reasonOfTaken[reading], definition.name, key, reading);
    if (isTaken && reading === 'level') continue;
    for (const value of values) {
      const made = makeLine((figure) => write(series, figure), convert(value), settings.config.datagramBytes);
      if (typeof made === 'string') notes.note(made, definition.name, key, reading);
      else yield { ...made, reading };
    }
  }
}

/** The line of a figure, or why there is none. */
function makeLine(
  write: (value: number) => string,
  value: number,
  maxBytes: number,
): Pick<Line, 'text' | 'bytes'> | FindingReason {
  if (!Number.isFinite(value)) return 'number';
  const text = write(value);
  const bytes = Buffer.byteLength(text);
  return bytes > maxBytes ? 'size' : { text, bytes };
}

type WriteLine = (series: SeriesName, value: number) => string;

function createWriter(
  type: MetricFamily['type'],
  tickMs: number,
  { observations, timestamps }: Pick<StatsdConfig, 'observations' | 'timestamps'>,
): WriteLine {
  // DogStatsD 1.3 takes times on levels and counters only.
  const time = timestamps === 'send' ? `|T${String(Math.floor(tickMs / 1000))}` : '';
  switch (type) {
    case 'gauge':
      return (series, value) => writeLevel(series, value, time);
    case 'counter':
      return (series, value) => writeLine(series, value, 'c', time);
    case 'distribution':
      return (series, value) => writeLine(series, value, observations, '');
  }
}

function chooseConversion(
  type: MetricFamily['type'],
  { observations }: Pick<StatsdConfig, 'observations'>,
): (value: number) => number {
  return type === 'distribution' && observations === 'ms' ? convertToMilliseconds : (value) => value;
}

/** 0.07 s × 1,000 is 70.00000000000001 in binary; 15 digits are what a double holds exactly. */
function convertToMilliseconds(seconds: number): number {
  return Number((seconds * 1000).toPrecision(15));
}

/**
 * A level with a sign is a change to StatsD: below 0 it is set to 0 first, in the same datagram, so that the change ends
 * at the level (StatsD, docs/metric_types.md, "Gauges"). With a time it is no change anywhere, and two levels of one time
 * would be a contradiction.
 */
function writeLevel(series: SeriesName, value: number, time: string): string {
  const own = writeLine(series, value, 'g', time);
  return value < 0 && time === '' ? `${writeLine(series, 0, 'g', '')}\n${own}` : own;
}

function writeLine({ name, tags }: SeriesName, value: number, type: string, time: string): string {
  const tagged = tags === '' ? '' : `|#${tags}`;
  // -0 has a sign, too.
  return `${name}:${String(value === 0 ? 0 : value)}|${type}${tagged}${time}`;
}
