import { selects } from '../../config/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { stateProblem } from '../../counters/state/state-problem.ts';
import type { Problem } from '../../model/problem.ts';
import { mapConcurrently } from '../../runtime/map-concurrently.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { ListPlace } from './cluster/list-runs.ts';
import { type ClusterSend, connectTo, connectToResults } from './cluster/connect.ts';
import type { TektonConfig } from './config.ts';
import type { Relayed } from './controller/relay.ts';
import { countFinishes, hasRead } from './runs/count.ts';
import type { FinishOptions } from './runs/finish.ts';
import { listProblems } from './problems.ts';
import { type ListReading, readList, streamName } from './runs/read-list.ts';
import { levelFamilies, type Listed } from './levels/map-levels.ts';
import { namingOf, type Naming } from './naming.ts';
import { noteAllowed } from './cluster/refusals.ts';
import { inTurn, recallRounds, rememberRounds, type Round } from './runs/rounds.ts';
import type { RunKind } from './cluster/state.ts';
import type { Archive } from './results/archive.ts';
import { createTally, type Tally } from './levels/tally.ts';

/** Lists take most of a server's time; the two kinds and a few namespaces side by side are what it serves well. */
const listsAtOnce = 4;

/** Of the source's time; the rest is for the runs that have ended. */
const shareForLists = 0.8;

/** Reads PipelineRuns and TaskRuns of one cluster. */
export const createTekton: CreateSource<TektonConfig> = (config, ports) => {
  const parts: Parts = {
    config,
    ports,
    send: connectTo(config.cluster, ports),
    sendToResults: config.results === undefined ? undefined : connectToResults(config.results, config.cluster, ports),
    naming: namingOf(config),
    where: `tekton/${config.name}`,
  };
  return { collect: (context) => collect(parts, context) };
};

interface Parts {
  readonly config: TektonConfig;
  readonly ports: SourcePorts;
  readonly send: ClusterSend;
  readonly sendToResults: ClusterSend | undefined;
  readonly naming: Naming;
  readonly where: string;
}

async function collect(parts: Parts, context: CollectContext): Promise<Collection> {
  const { config, send, naming, where } = parts;
  const memory = memoryOf(context, where);
  const tallies = kindsOf(config).map((kind) => createTally(kind, naming));
  const remembered = await memory.open();
  const [readings, relayed] = await Promise.all([
    readLists(parts, context, tallies, remembered),
    relay(parts, context, memory),
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
          finish: finishOptions(config, naming),
          tallies,
          archive: await archiveOf(parts, context),
        });
  const families = levelFamilies({
    source: config.name,
    pipelineRuns: listed(readings, tallies, 'pipelineruns'),
    taskRuns: config.taskRuns === 'read' ? listed(readings, tallies, 'taskruns') : undefined,
    named: config.namespaces ?? [],
    stuckAfterMs: config.stuckAfterMinutes * 60_000,
  });
  if (ledger !== undefined) {
    noteAllowed(ledger, listedKinds(readings));
    rememberRounds(ledger, roundsAfter(readings));
  }
  const unread = listProblems(readings, { config, where, ledger: remembered });
  const problems = [...unread, ...counted, ...relayed.problems, ...memory.problems];
  return { families, relayed: await relayedFamilies(parts, relayed, ledger), problems };
}

/** A connection of its own, made once a process. */
async function archiveOf(
  { config: { results: settings }, sendToResults: send, where }: Parts,
  { deadline }: CollectContext,
): Promise<Archive | undefined> {
  if (settings === undefined || send === undefined) return undefined;
  // Loaded here, because few configure it.
  const { createArchive } = await import('./results/archive.ts');
  return createArchive({ send, settings, where, deadline });
}

/** Beside the lists: another part of the cluster, with its own failure. */
async function relay(
  { config: { controllerMetrics: settings, name: source }, send, where }: Parts,
  { deadline }: CollectContext,
  memory: Memory,
): Promise<Relayed> {
  if (settings === undefined) return { families: [], problems: [], isRead: false };
  // Loaded here, because few configure it.
  const { relayController } = await import('./controller/relay.ts');
  return await relayController({ send, settings, source, where, deadline, memory: memory.open });
}

/** Where the cluster answers but no replica of the controller does, its totals stand where they stood. */
async function relayedFamilies(
  { config: { controllerMetrics: settings, name: source } }: Parts,
  { families, isRead }: Relayed,
  ledger: Ledger | undefined,
): Promise<Relayed['families']> {
  if (settings === undefined || isRead || ledger === undefined) return families;
  const { lastKnown } = await import('./controller/relay.ts');
  return lastKnown({ settings, source }, ledger);
}

interface Memory {
  /** Undefined where the state cannot be read: levels need none. */
  readonly open: () => Promise<Ledger | undefined>;
  readonly problems: readonly Problem[];
}

/** Opened once; it is written only where something was read, for a source that is down leaves its memory alone. */
function memoryOf({ openLedger }: CollectContext, where: string): Memory {
  const problems: Problem[] = [];
  let opening: Promise<Ledger | undefined> | undefined;
  const openOnce = async (): Promise<Ledger | undefined> => {
    try {
      return await openLedger();
    } catch (error) {
      problems.push(stateProblem(error, where));
      return undefined;
    }
  };
  return { open: () => (opening ??= openOnce()), problems };
}

function kindsOf({ taskRuns }: TektonConfig): readonly RunKind[] {
  return taskRuns === 'read' ? ['pipelineruns', 'taskruns'] : ['pipelineruns'];
}

/** Lists that were left out or cut short by the run before come first, for time may be up again before the last one. */
async function readLists(
  { config, ports, send, naming }: Parts,
  { deadline, tickMs }: CollectContext,
  tallies: readonly Tally[],
  ledger: Ledger | undefined,
): Promise<readonly ListReading[]> {
  const { namespaces, labelSelector } = config;
  const lists = tallies.flatMap((tally) =>
    (namespaces ?? [undefined]).map((namespace) => ({ tally, place: { kind: tally.kind, namespace, labelSelector } })),
  ) satisfies readonly { tally: Tally; place: ListPlace }[];
  const rounds = recallRounds(ledger);
  const hasArchive = config.results !== undefined;
  using own = deadline.slice(shareForLists);
  const options = { send, naming, deadline: own, clock: ports.clock, tickMs, ledger, hasArchive };
  const inOrder = inTurn(lists, rounds, ({ place }) => streamName(place));
  const readings = await mapConcurrently(inOrder, listsAtOnce, ({ tally, place }) =>
    readList(place, { ...options, tally, round: rounds.get(streamName(place)) }),
  );
  // PipelineRuns come first again: they are counted before their tasks.
  const kinds = tallies.map(({ kind }) => kind);
  return readings.toSorted((a, b) => kinds.indexOf(a.place.kind) - kinds.indexOf(b.place.kind));
}

function roundsAfter(readings: readonly ListReading[]): ReadonlyMap<string, Round> {
  return new Map(readings.flatMap(({ stream, next }) => (next === undefined ? [] : [[stream.name, next] as const])));
}

/** Kinds whose lists were all read: a right that one namespace refuses is not there. */
function listedKinds(readings: readonly ListReading[]): readonly `list ${RunKind}`[] {
  const kinds = [...new Set(readings.map(({ place }) => place.kind))];
  return kinds
    .filter((kind) =>
      readings.every(({ place, failure, runs }) => place.kind !== kind || failure === undefined || runs > 0),
    )
    .map((kind) => `list ${kind}` as const);
}

function listed(readings: readonly ListReading[], tallies: readonly Tally[], kind: RunKind): Listed {
  const own = readings.filter(({ place }) => place.kind === kind);
  const tally = tallies.find((candidate) => candidate.kind === kind);
  if (tally === undefined) throw new TypeError(`${kind} were not read`);
  return {
    tally,
    covers: (namespace) => own.some(({ covers }) => covers(namespace)),
    isComplete: own.every(({ isWhole }) => isWhole),
  };
}

function finishOptions(config: TektonConfig, naming: Naming): FinishOptions {
  const { name, tasks, steps, failureReasons } = config;
  const nothing = (): boolean => false;
  return {
    source: name,
    naming,
    hasReasons: failureReasons === 'publish',
    isTaskListed: tasks === undefined ? nothing : selects(tasks),
    isStepListed: steps === undefined ? nothing : selects(steps),
  };
}
