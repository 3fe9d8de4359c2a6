/** The examination: looks at every promise of a configuration, and says of each whether it holds and what to do. */
import { type ClockReading, pickEarliest } from '../http/answers/server-clock.ts';
import type { Finding } from '../model/finding.ts';
import { nothingSecret } from '../model/text/admit.ts';
import type { Pipeline } from '../pipeline.ts';
import { collect, type Previewed } from '../run.ts';
import type { BuiltPipeline } from '../wiring.ts';
import { checkClocks } from './checks/check-clocks.ts';
import { checkCredentials } from './checks/check-credentials.ts';
import { checkHosts } from './checks/check-hosts.ts';
import { checkNode } from './checks/check-node.ts';
import { checkReadings } from './checks/check-readings.ts';
import { checkSecrets } from './checks/check-secrets.ts';
import { examineSinks } from './checks/examine-sinks.ts';
import { examineSources } from './checks/examine-sources.ts';
import { cleanFindings } from './clean-findings.ts';
import type { Examination } from './means.ts';
import { sortFindings } from './sort-findings.ts';

/** What was found, and the reading of the sources that it was found by. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly collected: Previewed;
}

/** The sources are read as in a run, which may take long; the sinks are asked one small thing. */
const shareForSources = 0.7;

/** Looks at everything, whatever fails. Nothing is kept, and no figure of a source is sent. */
export async function examine({ pipeline, means }: BuiltPipeline, examination: Examination): Promise<Examined> {
  const { clock } = pipeline;
  using reading = examination.deadline.slice(shareForSources);
  const parts = [...means.sources, ...means.sinks];
  const clocks: ClockReading[] = [];

  const [secrets, hosts, collected] = await Promise.all([
    checkSecrets(parts, means.secrets, reading.signal),
    checkHosts(parts, means, { signal: reading.signal, nowMs: clock() }),
    collect(keepClocks(pipeline, clocks), { deadline: reading, tickMs: clock() }),
  ]);
  const sources = await examineSources(pipeline, reading);
  const sinks = await examineSinks(pipeline, examination);

  const findings = [
    checkNode(examination.nodeVersion),
    ...checkClocks([...clocks, ...means.readSinkClocks()]),
    ...hosts,
    ...secrets,
    ...checkCredentials(collected.sources, pickEarliest(clocks) ?? clock()),
    ...checkReadings(collected),
    ...sources,
    ...sinks,
  ];
  return { findings: sortFindings(cleanFindings(findings, pipeline.cleaner ?? nothingSecret)), collected };
}

/** A run reads the clocks only to find one that is wrong, and forgets them with the meter of the source. */
function keepClocks(pipeline: Pipeline, kept: ClockReading[]): Pipeline {
  const sources = pipeline.sources.map((source) => ({
    ...source,
    takeMeter: () => {
      for (const reading of source.readClocks()) kept.push(reading);
      return source.takeMeter();
    },
  }));
  return { ...pipeline, sources };
}
