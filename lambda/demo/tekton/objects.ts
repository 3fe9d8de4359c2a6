/** A PipelineRun or TaskRun as the Kubernetes API serves it, as far as a reader of metrics looks. */
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

/** What the API server holds, in the order of its keys. */
export interface RunStore {
  readonly put: (run: RunObject) => void;
  readonly remove: (plural: Plural, namespace: string, name: string) => void;
  readonly get: (plural: Plural, namespace: string, name: string) => RunObject | undefined;
  /** By namespace and name. */
  readonly list: (plural: Plural, namespace?: string) => readonly RunObject[];
}

export function createRunStore(runs: readonly RunObject[] = []): RunStore {
  const stored: Readonly<Record<Plural, Map<string, RunObject>>> = { pipelineruns: new Map(), taskruns: new Map() };
  const sorted = new Map<Plural, readonly RunObject[]>();
  const put = (run: RunObject): void => {
    const plural = run.kind === 'PipelineRun' ? 'pipelineruns' : 'taskruns';
    stored[plural].set(keyOf(run.metadata), run);
    sorted.delete(plural);
  };
  for (const run of runs) put(run);
  return {
    put,
    remove: (plural, namespace, name) => {
      stored[plural].delete(keyOf({ namespace, name }));
      sorted.delete(plural);
    },
    get: (plural, namespace, name) => stored[plural].get(keyOf({ namespace, name })),
    list: (plural, namespace) => {
      const all = sorted.get(plural) ?? inOrder(stored[plural].values());
      sorted.set(plural, all);
      return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
    },
  };
}

function inOrder(runs: Iterable<RunObject>): readonly RunObject[] {
  return [...runs].sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));
}

/** The key in etcd, which is the order of lists. */
export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
