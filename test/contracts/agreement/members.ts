/** Every sink as a member of one deployment, with the reader of its backend and what its README says of the ten questions. */
import { type SinkKind, sinks } from '../../../lambda/sinks/index.ts';
import { sinkSubjects } from '../subjects.ts';
import type { Member } from './day.ts';
import {
  type DayAnswers,
  readBuckets,
  readCloudWatch,
  readDottedNames,
  readGoogleCloud,
  type Reader,
  readObservations,
  readSummaries,
} from './readers.ts';

export interface AgreeingMember extends Member {
  readonly kind: SinkKind;
  readonly reader: Reader;
  /** Questions that it has no answer to. */
  readonly cannot: readonly (keyof DayAnswers)[];
  /** Lines of the README for what the backend tells less well, or not at all. */
  readonly says: readonly string[];
}

interface Reading {
  readonly reader: Reader;
  readonly cannot?: AgreeingMember['cannot'];
  readonly says: readonly string[];
  readonly settings?: object;
}

const bucketLine = 'The p95 of a day is known to within a bucket';

/** By kind of sink, with its variants by their names in `subjects.ts`; the compiler asks for a new kind's entry. */
const readings: Readonly<Record<SinkKind, Readonly<Record<string, Reading>>>> = {
  cloudwatch: {
    '': {
      reader: readCloudWatch,
      says: ['Whether a source is up comes from the log of the function'],
      settings: { collectorMetrics: 'api' },
    },
  },
  datadog: { '': { reader: readObservations, says: ['are answered once percentiles are switched on'] } },
  file: { '': { reader: readBuckets, says: [bucketLine, 'The file tells of the last run alone'] } },
  'google-cloud-monitoring': { '': { reader: readGoogleCloud, says: [bucketLine] } },
  'new-relic': {
    '': { reader: readSummaries, cannot: ['waitP95', 'longWaits'], says: ['No percentile can be asked of a summary'] },
  },
  otlp: {
    '': { reader: readBuckets, says: [bucketLine] },
    'increases in JSON': { reader: readBuckets, says: [bucketLine] },
  },
  pushgateway: { '': { reader: readBuckets, says: [bucketLine, 'The gateway tells of the last run alone'] } },
  'scrape-page': { '': { reader: readBuckets, says: [bucketLine, 'The page tells of the last run alone'] } },
  'remote-write': {
    '': { reader: readBuckets, says: [bucketLine] },
    '1.0': { reader: readBuckets, says: [bucketLine] },
  },
  statsd: {
    '': { reader: readDottedNames, cannot: ['waitP95'], says: ['no p95 of a day', 'setting `histogram`'] },
    dogstatsd: { reader: readObservations, says: ['`observations: d`'] },
  },
  stdout: { '': { reader: readBuckets, says: [bucketLine, 'A printed page tells of its run alone'] } },
};

/** A sink that is being added has its contract first and its reader later: until then the compiler alone asks for it. */
export const members: readonly AgreeingMember[] = sinks
  .filter(({ kind }) => Object.hasOwn(readings, kind))
  .flatMap(({ kind }) => membersOf(kind));

function membersOf(kind: SinkKind): readonly AgreeingMember[] {
  const { config, facts, variants = {} } = sinkSubjects[kind];
  return Object.entries(readings[kind]).map(([variant, { reader, cannot = [], says, settings = {} }]) => {
    const varied = variant === '' ? { settings: {}, facts } : variants[variant];
    if (varied === undefined) throw new RangeError(`the sink ${kind} has no variant ${variant}`);
    return {
      ...{ kind, reader, cannot, says, facts: varied.facts },
      name: variant === '' ? kind : `${kind}-${variant.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`,
      config: (url, folder) => ({ ...config(url, folder), ...varied.settings, ...settings }),
    };
  });
}
