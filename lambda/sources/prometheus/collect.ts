/** Reads all targets of the source, and reports what could not be read of them. */
import { tryOpenLedger } from '../../counters/try-open-ledger.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import { whereOf } from '../../http/where.ts';
import { countSamples, type Labels, type MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import { mergeRelayed, type RelayedFamily } from '../../model/relayed.ts';
import type { Keep } from '../../prometheus-text/families/collect-families.ts';
import type { Page } from '../../prometheus-text/page.ts';
import { formatLosses } from '../../prometheus-text/remarks.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { mapWithinDeadline } from '../../runtime/map-within-deadline.ts';
import type { CollectContext, CreateSource, SourcePorts } from '../source.ts';
import type { PrometheusConfig, Target } from './config.ts';
import {
  followAll,
  mapGauges,
  type NoNumbers,
  findNoNumbers,
  type PreparedMeasure,
  prepareMeasures,
} from './measures/map-measures.ts';
import { chooseMeasures } from './metrics.ts';
import { createOddityReporter } from './scrape/report-oddities.ts';
import { trackNewSeries } from './measures/new-series.ts';
import type { Relabel } from './relabel/relabel.ts';
import { LimitError, relay, type Relayed, isKeptByRelabelling } from './relabel/relay.ts';
import type { LeftOut } from './relabel/sample-times.ts';
import { buildReport } from './scrape/scrape-report.ts';
import { scrape } from './scrape/scrape.ts';
import { createLineFilter } from './scrape/select-lines.ts';
import { buildTargetLabels } from './relabel/target-labels.ts';

/** A page may be tens of megabytes, so few of them are in memory at a time. */
const targetsAtOnce = 4;

interface Reading {
  readonly families: readonly RelayedFamily[];
  readonly problems: readonly Problem[];
}

/** Reads all targets, each with its own failure. */
export const createPrometheus: CreateSource<PrometheusConfig> = (config, ports) => {
  const where = `prometheus/${config.name}`;
  const measures = prepareMeasures(chooseMeasures(config));
  const targets = config.targets.map((target) => Object.fromEntries(buildTargetLabels(config, target)));
  const read = createTargetReader(config, ports);
  return {
    collect: async (context) => {
      const readings = await readAll(config, read, context.deadline);
      const relayed = mergeRelayed(readings.flatMap(({ families }) => families));
      const counted = await mapMeasures(measures, relayed, targets, context, where);
      return {
        families: counted.families,
        relayed,
        problems: [
          ...readings.flatMap(({ problems }) => problems),
          ...describeRepeated(readings, relayed, where),
          ...describeNoNumbers(findNoNumbers(measures, relayed), where),
          ...counted.problems,
        ],
      };
    },
  };
};

/** Series that became equal, because a rule of relabelling has removed the label in which they differed. */
function describeRepeated(
  readings: readonly Reading[],
  merged: readonly RelayedFamily[],
  where: string,
): readonly Problem[] {
  const given = readings.flatMap(({ families }) => families);
  const repeated = countSamples(given) - countSamples(merged);
  if (repeated === 0) return [];
  const metric = given.find(
    ({ name, type }) => countSamplesOf(name, type, given) > countSamplesOf(name, type, merged),
  )?.name;
  const message = `left out ${String(repeated)} samples, such as of ${String(metric)}, whose series another one has become equal to; keep in relabel a label that tells them apart, or give each target an instance of its own`;
  return [{ kind: 'rejected', where, message }];
}

function countSamplesOf(name: string, type: RelayedFamily['type'], families: readonly RelayedFamily[]): number {
  return countSamples(families.filter((family) => family.name === name && family.type === type));
}

function describeNoNumbers({ samples, example }: NoNumbers, where: string): readonly Problem[] {
  if (samples === 0) return [];
  const message = `left ${String(samples)} values out of the measures, such as of ${String(example)}: they are NaN or infinite, which sinks that keep no series cannot store; name another metric under measures`;
  return [{ kind: 'rejected', where, message }];
}

type ReadTarget = (target: Target, deadline: Deadline) => Promise<Reading>;

function readAll({ targets, timeoutSeconds }: PrometheusConfig, read: ReadTarget, deadline: Deadline) {
  return mapWithinDeadline(targets, { deadline, limit: targetsAtOnce, maxMs: timeoutSeconds * 1000 }, read);
}

function createTargetReader(config: PrometheusConfig, ports: SourcePorts): ReadTarget {
  const isChosen = createLineFilter(config);
  let loading: Promise<Relabel> | undefined;
  const canDrop = config.relabel.some(({ action }) => action === 'keep' || action === 'drop');
  const tell = createOddityReporter(ports.log);
  return async (target, deadline) => {
    const relabel = await (loading ??= loadRelabel(config));
    const labels = buildTargetLabels(config, target);
    const where = `prometheus/${config.name}`;
    const targetWhere = `${where} ${whereOf('GET', new URL(target.url))}`;
    const keep: Keep = (name, family, sample) =>
      isChosen(name, family, sample) &&
      (!canDrop || isKeptByRelabelling(sample, family, { config, target: labels, relabel }));
    const startedMs = ports.clock();
    const measureSeconds = (): number => Math.max(0, ports.clock() - startedMs) / 1000;
    try {
      const page = await scrape(config, target, keep, ports, deadline);
      const relayed = relay(page.families, { config, target: labels, relabel, nowMs: ports.clock() });
      tell(targetWhere, page.remarks, relayed);
      const kept = relayed.samples + page.duplicates;
      const report = buildReport(labels, { up: 1, seconds: measureSeconds(), scraped: page.lines, kept });
      return { families: [...relayed.families, ...report], problems: describePageProblems(page, relayed, targetWhere) };
    } catch (error) {
      const report = buildReport(labels, { up: 0, seconds: measureSeconds(), scraped: 0, kept: 0 });
      return { families: report, problems: [describeReadError(error, where, targetWhere)] };
    }
  };
}

/** With the engine of its patterns, a tenth of a cold start, only where there are any. */
async function loadRelabel({ relabel }: PrometheusConfig): Promise<Relabel> {
  return relabel.length === 0 ? (labels) => labels : (await import('./relabel/relabel.ts')).createRelabeller(relabel);
}

const hints: StatusHints = {
  401: 'the credentials are missing, wrong or expired; set auth or put valid ones into the secret',
  403: 'the credentials may not read this page; grant it to them, or put others into the secret',
  404: 'there is no metrics page here; check the URL of the target',
  406: 'the server has none of the formats that can be read',
};

/** @throws what is not an expected failure: a bug. */
function describeReadError(error: unknown, where: string, targetWhere: string): Problem {
  if (error instanceof LimitError) {
    return {
      kind: 'bad-response',
      where: targetWhere,
      message: `${error.message}, so nothing of the target is used; raise the limit, switch it off with 0, or leave the metric out with metrics.exclude`,
    };
  }
  const problem = describeHttpProblem(error, where, hints);
  if (problem === undefined) throw error;
  return problem;
}

/** What is missing of a page that was read. */
function describePageProblems({ remarks }: Page, { untimely }: Relayed, where: string): readonly Problem[] {
  const messages = [formatLosses(remarks), untimely.ahead === undefined ? undefined : describeAhead(untimely.ahead)];
  return messages.flatMap((message) => (message === undefined ? [] : [{ kind: 'bad-response', where, message }]));
}

function describeAhead({ count, example }: LeftOut): string {
  const samples = `${String(count)} sample${count === 1 ? '' : 's'}`;
  return `left out ${samples} whose own time on the page lies more than 10 minutes ahead, such as ${example}; the page writes its times in another unit, or its clock is wrong: have it write none, or set honorTimestamps: false`;
}

/** What sinks that keep no series get. @throws TickTakenError */
async function mapMeasures(
  measures: readonly PreparedMeasure[],
  relayed: readonly RelayedFamily[],
  targets: readonly Labels[],
  context: CollectContext,
  where: string,
): Promise<{ readonly families: readonly MetricFamily[]; readonly problems: readonly Problem[] }> {
  const families = mapGauges(measures, relayed);
  if (measures.every(({ measure }) => measure.type === 'gauge')) return { families, problems: [] };
  const { ledger, problems } = await tryOpenLedger(context, where);
  if (ledger !== undefined) {
    const followed = measures.map(({ measure }) => measure).filter(({ type }) => type !== 'gauge');
    followAll(measures, relayed, ledger, trackNewSeries(ledger, followed, relayed, targets));
  }
  return { families, problems };
}
