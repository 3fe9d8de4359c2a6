/** Tells the ledger which runs have ended, which have vanished and how far the lists were read. */
import type { Ledger } from '../../../counters/ledger.ts';
import { append } from '../../../model/lists/append.ts';
import type { Labels } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import { jobsFinished } from '../../../model/catalogue/job-metrics.ts';
import { runsFinished } from '../../../model/catalogue/run-metrics.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import { convertRow, readDetails } from './read-details.ts';
import { type FinishOptions, buildFinish } from './finish.ts';
import type { ListReading } from './read-list.ts';
import type { Archive } from './archive.ts';
import type { Candidate } from './sort-rows.ts';
import type { Figures, Tally } from '../levels/tally.ts';

export interface CountOptions {
  readonly send: ClusterSend;
  readonly where: string;
  readonly deadline: Deadline;
  /** How many single runs may be asked for. */
  readonly requests: number;
  readonly finish: FinishOptions;
  readonly tallies: readonly Tally[];
  /** Where runs are that the cluster has forgotten; absent where only the cluster is read. */
  readonly archive?: Archive | undefined;
}

/** Tells the ledger what has ended, what has vanished and how far the lists were read. */
export async function countFinishes(
  readings: readonly ListReading[],
  ledger: Ledger,
  options: CountOptions,
): Promise<readonly Problem[]> {
  const budget = { left: options.requests };
  const problems: Problem[] = [];
  // PipelineRuns come first: when the requests do not last, their times are worth more.
  for (const reading of readings) append(problems, await countList(reading, ledger, options, budget));
  declareSeries(options, ledger);
  return problems;
}

async function countList(
  reading: ListReading,
  ledger: Ledger,
  options: CountOptions,
  budget: { left: number },
): Promise<readonly Problem[]> {
  const { target, stream, error } = reading;
  const { archive = noArchive } = options;
  const archived = await archive.readFinished(target, stream, ledger);
  const known = new Set(archived.runs.map(({ uid }) => uid));
  for (const run of archived.runs) ledger.countFinish(stream, run.uid, buildFinish(run, options.finish));
  if (!hasRead(reading)) {
    if (known.size > 0) ledger.notePartial(stream);
    return archived.problems;
  }
  const candidates = reading.candidates.filter(({ row }) => !known.has(row.uid)).sort(compareEnds);
  const problems = await countListed({ ...reading, candidates }, ledger, options, budget);
  for (const id of reading.vanished) if (!known.has(id)) ledger.noteMissing(stream, id);
  const { readToMs } = archived;
  if (error === undefined && readToMs !== undefined) ledger.noteComplete(stream, Math.min(readToMs, reading.knownToMs));
  else ledger.notePartial(stream);
  return [...archived.problems, ...problems];
}

/** Whether anything was learnt of the runs of a list. */
export function hasRead({ error, runs, changes }: ListReading): boolean {
  return error === undefined || runs > 0 || (changes !== undefined && changes.rows.length > 0);
}

/** Without an archive nothing bounds how far the list was read. */
const noArchive: Archive = { readFinished: () => Promise.resolve({ runs: [], readToMs: Infinity, problems: [] }) };

/** What the cluster itself still holds. */
async function countListed(
  { target, stream, lastFinished, candidates }: ListReading,
  ledger: Ledger,
  { send, where, deadline, requests, finish }: CountOptions,
  budget: { left: number },
): Promise<readonly Problem[]> {
  const fallbackMs = ledger.now();
  const { runs: finished, problems } =
    requests === 0
      ? { runs: candidates.map((candidate) => convertRow(target.kind, candidate, { fallbackMs })), problems: [] }
      : await readDetails(target.kind, candidates, { send, deadline, budget, where, ledger, fallbackMs });
  const past = lastFinished.map((row) => convertRow(target.kind, { row, startedMs: undefined }, { fallbackMs }));
  for (const run of [...past, ...finished]) {
    if (run !== undefined) ledger.countFinish(stream, run.uid, buildFinish(run, finish));
  }
  return problems;
}

function compareEnds(a: Candidate, b: Candidate): number {
  return (a.row.completed?.toMs ?? 0) - (b.row.completed?.toMs ?? 0);
}

/** The results that alerts look for exist at 0 before their first event. */
const declaredResults = ['success', 'failure'] as const;

function declareSeries({ tallies, finish: { source } }: CountOptions, ledger: Ledger): void {
  for (const { kind, namespaces, of } of tallies) {
    for (const scope of namespaces()) {
      const figures = of(scope);
      if (figures === undefined) continue;
      const labels = { system: 'tekton', source, scope };
      if (kind === 'taskruns') declareJobs(figures, labels, ledger);
      else declareRuns(figures, labels, ledger);
    }
  }
}

function declareJobs({ phases }: Figures, labels: Labels, ledger: Ledger): void {
  for (const queue of phases.keys()) {
    for (const result of declaredResults) ledger.declare(jobsFinished, { ...labels, queue, result });
  }
}

function declareRuns({ branches }: Figures, labels: Labels, ledger: Ledger): void {
  const pairs = [...branches].flatMap(([pipeline, names]) => [...names].map((branch) => ({ pipeline, branch })));
  for (const pair of pairs) {
    for (const result of declaredResults) {
      ledger.declare(runsFinished, { ...labels, ...pair, result, attempt: 'first' });
    }
  }
}
