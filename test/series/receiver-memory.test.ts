/** Compares what is remembered of a receiver with a plain set of what it holds, over many runs of any kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpStatusError } from '../../lambda/http/errors/errors.ts';
import type { Settled } from '../../lambda/series/delivery/reception.ts';
import type { LabelSet } from '../../lambda/series/label-set.ts';
import { createReceiverMemory, type RunMemory } from '../../lambda/series/receiver-memory.ts';
import type { SeriesSample } from '../../lambda/series/sample.ts';

type Sample = SeriesSample<string>;

/** What became of a request: whether its samples may be held now, and whether an end in it is done with. */
interface Answer {
  readonly reception: Settled<Sample>['reception'];
  readonly isHeld: boolean;
  readonly isOver: boolean;
}

const answers: readonly Answer[] = [
  { reception: { outcome: 'stored' }, isHeld: true, isOver: true },
  { reception: { outcome: 'partial', stored: 1 }, isHeld: true, isOver: true },
  { reception: { outcome: 'unsent' }, isHeld: false, isOver: false },
  { reception: { outcome: 'refused', error: refusal(400) }, isHeld: false, isOver: true },
  { reception: { outcome: 'undelivered', error: refusal(429) }, isHeld: false, isOver: false },
  { reception: { outcome: 'undelivered', error: refusal(500) }, isHeld: true, isOver: false },
  { reception: { outcome: 'undelivered', error: new Error('reset') }, isHeld: true, isOver: false },
];

function refusal(status: number): HttpStatusError {
  return new HttpStatusError('POST http://receiver', { status, headers: {}, excerpt: '' });
}

interface SentSeries {
  readonly metric: string;
  readonly queue: string;
  /** Whether its sample has a time of its own. */
  readonly isDated: boolean;
  readonly answer: Answer;
}

/** What one run sends, and what becomes of the ends that it tells. */
interface Run {
  readonly sent: readonly SentSeries[];
  readonly answerToMarkers: Answer;
}

const anyAnswer = fc.constantFrom(...answers);

const anySeries = fc.record({
  metric: fc.constantFrom('a', 'b', 'c'),
  queue: fc.constantFrom('1', '2', '3', '4'),
  isDated: fc.boolean(),
  answer: anyAnswer,
});

const anyRuns = fc.array(
  fc.record({
    sent: fc.uniqueArray(anySeries, { selector: nameSeries, maxLength: 12 }),
    answerToMarkers: anyAnswer,
  }),
  { minLength: 2, maxLength: 6 },
);

function nameSeries({ metric, queue }: Pick<SentSeries, 'metric' | 'queue'>): string {
  return `${metric}/${queue}`;
}

function nameSample({ family, labels }: Pick<Sample, 'family' | 'labels'>): string {
  return nameSeries({ metric: family, queue: labels[1] ?? '' });
}

/** Plain bookkeeping of the same: what the receiver may hold after the run, and which ends it was told. */
function followPlainly(
  held: ReadonlySet<string>,
  { sent, answerToMarkers }: Run,
  dated: boolean,
): { readonly held: ReadonlySet<string>; readonly ended: readonly string[] } {
  const names = new Set(sent.map(nameSeries));
  const ended = [...held].filter((name) => !names.has(name)).toSorted();
  const followed = sent.filter(({ isDated }) => dated || !isDated);
  const stored = followed.filter((series) => series.answer.isHeld || held.has(nameSeries(series)));
  const kept = answerToMarkers.isOver ? [] : ended;
  return { held: new Set([...stored.map(nameSeries), ...kept]), ended };
}

/** Sends the run through the memory, and returns the ends that it tells. */
function followByMemory(memory: RunMemory<Sample>, { sent, answerToMarkers }: Run): readonly string[] {
  for (const metric of ['a', 'b', 'c']) {
    const ofMetric = sent
      .filter((series) => series.metric === metric)
      .toSorted((one, other) => (one.queue < other.queue ? -1 : 1));
    const samples = memory.recognise({ name: metric, series: ofMetric.map(toSample) });
    for (const [index, sample] of samples.entries()) {
      const { reception } = ofMetric[index]?.answer ?? answerToMarkers;
      memory.note({ series: [sample], reception });
    }
  }
  const markers = memory.collectMarkers();
  memory.note({ series: markers, reception: answerToMarkers.reception });
  memory.commit();
  return markers.map(nameSample);
}

function toSample({ metric, queue, isDated }: SentSeries): Sample {
  const time = isDated ? { timestampMs: 1_700_000_000_000 } : {};
  return { labels: ['queue', queue], family: metric, isStale: false, ...time };
}

function markerOf(labels: LabelSet, family: string): Sample {
  return { labels, family, isStale: true };
}

describe.each([true, false])('the memory of a receiver (series with their own times are followed: %s)', (dated) => {
  it('tells the end of exactly what the receiver may still hold, whatever became of each request', () => {
    fc.assert(
      fc.property(anyRuns, (runs) => {
        const memory = createReceiverMemory<string, Sample>({ dated, markerOf });
        let held: ReadonlySet<string> = new Set();
        for (const run of runs) {
          const expected = followPlainly(held, run, dated);
          expect(followByMemory(memory.startRun(), run)).toEqual(expected.ended);
          held = expected.held;
        }
      }),
    );
  });
});
