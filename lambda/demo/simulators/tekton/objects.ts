/** The PipelineRuns and TaskRuns of the simulated cluster, and the store that holds them. */

/** A PipelineRun or TaskRun as the Kubernetes API serves it, with the fields that the collector reads. */
export interface RunObject {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: 'PipelineRun' | 'TaskRun';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly object[];
  };
  readonly spec?: object;
  readonly status?: RunStatus;
}

export interface RunStatus {
  readonly conditions?: readonly RunCondition[];
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly [field: string]: unknown;
}

export interface RunCondition {
  readonly type: 'Succeeded';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export type Plural = 'pipelineruns' | 'taskruns';

/** One write to what the API server holds. */
export interface RunChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Of the whole store, as etcd counts its writes. */
  readonly version: number;
  /** As it is now or, once deleted, as it was last. */
  readonly run: RunObject;
}

/** What the API server holds, in the order of its keys. */
export interface RunStore {
  /** Grows with each write. */
  readonly version: () => number;
  /** Undefined where what happened since is not known any more. */
  readonly changesSince: (version: number) => readonly RunChange[] | undefined;
  readonly put: (run: RunObject) => void;
  readonly remove: (plural: Plural, namespace: string, name: string) => void;
  readonly get: (plural: Plural, namespace: string, name: string) => RunObject | undefined;
  /** By namespace and name. */
  readonly list: (plural: Plural, namespace?: string) => readonly RunObject[];
}

/** Of a store that is new. */
const firstVersion = 10_225;

/** As many as a busy cluster writes in the 75 seconds of which a real API server keeps them. */
const usuallyKept = 5000;

export function createRunStore(runs: readonly RunObject[] = [], keptChanges = usuallyKept): RunStore {
  const stored: Readonly<Record<Plural, Map<string, RunObject>>> = { pipelineruns: new Map(), taskruns: new Map() };
  const sorted = new Map<Plural, readonly RunObject[]>();
  const changes: RunChange[] = [];
  let version = firstVersion;
  const note = (type: RunChange['type'], run: RunObject): void => {
    version += 1;
    changes.push({ type, version, run });
    if (changes.length > keptChanges) changes.shift();
  };
  for (const run of runs) stored[getPlural(run)].set(formatKey(run.metadata), run);
  return {
    put: (run) => {
      const plural = getPlural(run);
      const key = formatKey(run.metadata);
      note(stored[plural].has(key) ? 'MODIFIED' : 'ADDED', run);
      stored[plural].set(key, run);
      sorted.delete(plural);
    },
    remove: (plural, namespace, name) => {
      const run = stored[plural].get(formatKey({ namespace, name }));
      if (run === undefined) return;
      note('DELETED', run);
      stored[plural].delete(formatKey(run.metadata));
      sorted.delete(plural);
    },
    version: () => version,
    changesSince: (since) => {
      const oldest = changes[0]?.version ?? version + 1;
      return since < oldest - 1 ? undefined : changes.filter((change) => change.version > since);
    },
    get: (plural, namespace, name) => stored[plural].get(formatKey({ namespace, name })),
    list: (plural, namespace) => {
      const all = sorted.get(plural) ?? sortByKey(stored[plural].values());
      sorted.set(plural, all);
      return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
    },
  };
}

export function getPlural({ kind }: RunObject): Plural {
  return kind === 'PipelineRun' ? 'pipelineruns' : 'taskruns';
}

function sortByKey(runs: Iterable<RunObject>): readonly RunObject[] {
  return [...runs].sort((a, b) => (formatKey(a.metadata) < formatKey(b.metadata) ? -1 : 1));
}

/** The key in etcd, which is the order of lists. */
export function formatKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
