/** One collection: reads lists, controller and Tekton Results, counts what has ended and builds the metrics. */
import { append } from '../../model/lists/append.ts';
import { tryOpenLedger } from '../../counters/try-open-ledger.ts';
import { matchSelection } from '../../settings/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import type { Problem } from '../../model/problem.ts';
import { mapConcurrently } from '../../runtime/map-concurrently.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { ListTarget } from './cluster/list-runs.ts';
import { type ClusterSend, connectTo, connectToResults } from './cluster/connect.ts';
import type { TektonConfig } from './config.ts';
import type { Relayed } from './controller/relay.ts';
import { countFinishes, hasRead } from './runs/count.ts';
import type { FinishOptions } from './runs/finish.ts';
import { describeListProblems } from './problems.ts';
import { type ListReading, readList, buildStreamName } from './runs/read-list.ts';
import { mapLevels, type ListedRuns } from './levels/map-levels.ts';
import { createNaming, type Naming } from './naming.ts';
import { noteAllowed } from './cluster/refusals.ts';
import { orderLists, recallRounds, rememberRounds, type Round } from './runs/rounds.ts';
import type { RunKind } from './cluster/state.ts';
import type { Archive } from './runs/archive.ts';
import { createTally, type Tally } from './levels/tally.ts';
import { minuteMs } from '../../model/time.ts';

/** Lists take most of a server's time; the two kinds and a few namespaces side by side are what it serves well. */
const listsAtOnce = 4;

/** Of the source's time; the rest is for the runs that have ended. */
const shareForLists = 0.8;

/** Reads PipelineRuns and TaskRuns of one cluster. */
export const createTekton: CreateSource<TektonConfig> = (config, ports) => {
  const setup: Setup = {
    config,
    ports,
    send: connectTo(config.cluster, ports),
    sendToResults: config.results === undefined ? undefined : connectToResults(config.results, config.cluster, ports),
    naming: createNaming(config),
    where: `tekton/${config.name}`,
  };
  return { collect: (context) => collect(setup, context) };
};

interface Setup {
  readonly config: TektonConfig;
  readonly ports: SourcePorts;
  readonly send: ClusterSend;
  readonly sendToResults: ClusterSend | undefined;
  readonly naming: Naming;
  readonly where: string;
}

async function collect(setup: Setup, context: CollectContext): Promise<Collection> {
  const { config, send, naming, where } = setup;
  const opener = createLedgerOpener(context, where);
  const tallies = selectKinds(config).map((kind) => createTally(kind, naming));
  const remembered = await opener.open();
  const [readings, relayed] = await Promise.all([
    readLists(setup, context, tallies, remembered),
    relayControllerMetrics(setup, context, opener),
  ]);
  const ledger = readings.some(hasRead) ? remembered : undefined;
  const counted =
    ledger === undefined
      ? []
      : await countFinishes(readings, ledger, {
          send,
          where,
          deadline: context.deadline,
          requests: config.details === 'read' ? config.detailRequests : 0,
          finish: buildFinishOptions(config, naming),
          tallies,
          archive: await openArchive(setup, context),
        });
  const families = mapLevels({
    source: config.name,
    pipelineRuns: summarizeLists(readings, tallies, 'pipelineruns'),
    taskRuns: config.taskRuns === 'read' ? summarizeLists(readings, tallies, 'taskruns') : undefined,
    named: config.namespaces ?? [],
    stuckAfterMs: config.stuckAfterMinutes * minuteMs,
  });
  if (ledger !== undefined) {
    noteAllowed(ledger, findListedKinds(readings));
    rememberRounds(ledger, collectRounds(readings));
  }
  const unread = describeListProblems(readings, { config, where, ledger: remembered });
  const problems = [...unread, ...counted, ...relayed.problems, ...opener.problems];
  return { families, relayed: await chooseRelayedFamilies(setup, relayed, ledger), problems };
}

/** A connection of its own, made once a process. */
async function openArchive(
  { config: { results: settings }, sendToResults: send, where }: Setup,
  { deadline }: CollectContext,
): Promise<Archive | undefined> {
  if (settings === undefined || send === undefined) return undefined;
  // Loaded here, because few configure it.
  const { createArchive } = await import('./results/archive.ts');
  return createArchive({ send, settings, where, deadline });
}

/** Beside the lists: another part of the cluster, with its own failure. */
async function relayControllerMetrics(
  { config: { controllerMetrics: settings, name: source }, send, where }: Setup,
  { deadline }: CollectContext,
  opener: LedgerOpener,
): Promise<Relayed> {
  if (settings === undefined) return { families: [], problems: [], isRead: false };
  // Loaded here, because few configure it.
  const { relayController } = await import('./controller/relay.ts');
  return await relayController({ send, settings, source, where, deadline, memory: opener.open });
}

/** Where the cluster answers but no replica of the controller does, its totals stand where they stood. */
async function chooseRelayedFamilies(
  { config: { controllerMetrics: settings, name: source } }: Setup,
  { families, isRead }: Relayed,
  ledger: Ledger | undefined,
): Promise<Relayed['families']> {
  if (settings === undefined || isRead || ledger === undefined) return families;
  const { recallFamilies } = await import('./controller/relay.ts');
  return recallFamilies({ settings, source }, ledger);
}

interface LedgerOpener {
  /** Undefined where the state cannot be read: levels need none. */
  readonly open: () => Promise<Ledger | undefined>;
  readonly problems: readonly Problem[];
}

/** Opened once; it is written only where something was read, for a source that is down leaves its memory alone. */
function createLedgerOpener(context: CollectContext, where: string): LedgerOpener {
  const problems: Problem[] = [];
  let opening: Promise<Ledger | undefined> | undefined;
  const openOnce = async (): Promise<Ledger | undefined> => {
    const opened = await tryOpenLedger(context, where);
    append(problems, opened.problems);
    return opened.ledger;
  };
  return { open: () => (opening ??= openOnce()), problems };
}

function selectKinds({ taskRuns }: TektonConfig): readonly RunKind[] {
  return taskRuns === 'read' ? ['pipelineruns', 'taskruns'] : ['pipelineruns'];
}

/** Lists that were left out or cut short by the run before come first, for time may be up again before the last one. */
async function readLists(
  { config, ports, send, naming }: Setup,
  { deadline, tickMs }: CollectContext,
  tallies: readonly Tally[],
  ledger: Ledger | undefined,
): Promise<readonly ListReading[]> {
  const { namespaces, labelSelector } = config;
  const lists = tallies.flatMap((tally) =>
    (namespaces ?? [undefined]).map((namespace) => ({ tally, target: { kind: tally.kind, namespace, labelSelector } })),
  ) satisfies readonly { tally: Tally; target: ListTarget }[];
  const rounds = recallRounds(ledger);
  const hasArchive = config.results !== undefined;
  using own = deadline.slice(shareForLists);
  const options = { send, naming, deadline: own, clock: ports.clock, tickMs, ledger, hasArchive };
  const inOrder = orderLists(lists, rounds, ({ target }) => buildStreamName(target));
  const readings = await mapConcurrently(inOrder, listsAtOnce, ({ tally, target }) =>
    readList(target, { ...options, tally, round: rounds.get(buildStreamName(target)) }),
  );
  // PipelineRuns come first again: they are counted before their tasks.
  const kinds = tallies.map(({ kind }) => kind);
  return readings.toSorted((a, b) => kinds.indexOf(a.target.kind) - kinds.indexOf(b.target.kind));
}

function collectRounds(readings: readonly ListReading[]): ReadonlyMap<string, Round> {
  return new Map(readings.flatMap(({ stream, next }) => (next === undefined ? [] : [[stream.name, next] as const])));
}

/** Kinds whose lists were all read: a right that one namespace refuses is not there. */
function findListedKinds(readings: readonly ListReading[]): readonly `list ${RunKind}`[] {
  const kinds = [...new Set(readings.map(({ target }) => target.kind))];
  return kinds
    .filter((kind) =>
      readings.every(({ target, error, runs }) => target.kind !== kind || error === undefined || runs > 0),
    )
    .map((kind) => `list ${kind}` as const);
}

function summarizeLists(readings: readonly ListReading[], tallies: readonly Tally[], kind: RunKind): ListedRuns {
  const own = readings.filter(({ target }) => target.kind === kind);
  const tally = tallies.find((candidate) => candidate.kind === kind);
  if (tally === undefined) throw new TypeError(`${kind} were not read`);
  return {
    tally,
    covers: (namespace) => own.some(({ covers }) => covers(namespace)),
    isComplete: own.every(({ isWhole }) => isWhole),
  };
}

function buildFinishOptions(config: TektonConfig, naming: Naming): FinishOptions {
  const { name, tasks, steps, failureReasons } = config;
  const matchNothing = (): boolean => false;
  return {
    source: name,
    naming,
    hasReasons: failureReasons === 'publish',
    isTaskListed: tasks === undefined ? matchNothing : matchSelection(tasks),
    isStepListed: steps === undefined ? matchNothing : matchSelection(steps),
  };
}
