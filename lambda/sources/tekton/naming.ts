/** Names the pipeline, the queue, the task and the branch of a run by its labels and annotations. */
import { matchAny, matchSelection } from '../../settings/glob.ts';
import { makeLabelValue, overflowValue } from '../../model/text/labels.ts';
import type { TektonConfig } from './config.ts';
import type { Described } from './cluster/table-rows.ts';

/** How runs are named in labels; only what stays the same for the life of a run decides. */
export interface Naming {
  readonly pipeline: (run: Described) => string;
  readonly queue: (run: Described) => string;
  readonly task: (run: Described) => string;
  /** `main`, `other`, or `none` where nothing tells the branch. */
  readonly branch: (run: Described) => string;
}

/** Of a run whose pipeline has no name of its own: a name made for one run would be a series for each of them. */
export const anonymous = 'anonymous';

/**
 * Of a run that an alarm has started, whatever its pipeline is: it counts for no other name, so that the alarm on a
 * pipeline never sees the run that answers it.
 */
export const answersAlarm = '#alarm#';

/** What the pipelines of `examples/tekton` put on everything that they start. */
const startedByLabel = 'ci-metrics-collector/started-by';

const pipelineLabel = 'tekton.dev/pipeline';
const pipelineRunLabel = 'tekton.dev/pipelineRun';
const taskLabels = ['tekton.dev/pipelineTask', 'tekton.dev/task'];
const branchKey = 'pipelinesascode.tekton.dev/branch';
const eventKey = 'pipelinesascode.tekton.dev/event-type';
const requestKey = 'pipelinesascode.tekton.dev/pull-request';

export function createNaming(config: Pick<TektonConfig, 'labels' | 'pipelines' | 'mainBranches'>): Naming {
  const { labels, pipelines, mainBranches } = config;
  const isSelected = matchSelection(pipelines ?? {});
  const isMain = matchAny(mainBranches);
  return {
    pipeline: (run) => {
      if (run.labels[startedByLabel] !== undefined) return answersAlarm;
      const name = findFirst(run, labels.pipeline);
      if (name === undefined) return anonymous;
      return isSelected(name) ? name : overflowValue;
    },
    queue: (run) => findFirst(run, labels.queue) ?? run.namespace,
    task: (run) => findFirst(run, taskLabels) ?? anonymous,
    branch: (run) => {
      const branch = findText(run, branchKey);
      if (branch === undefined) return 'none';
      // For a pull request this is the branch that it wants to go to.
      return !isOfRequest(run) && isMain(branch.replace(/^refs[/-]heads[/-]/, '')) ? 'main' : 'other';
    },
  };
}

/** The value of an annotation or, without it, of a label. */
export function findText(
  { annotations, labels }: Pick<Described, 'annotations' | 'labels'>,
  key: string,
): string | undefined {
  return annotations[key] ?? labels[key];
}

/**
 * `pull_request`, or `Merge Request` on GitLab; comments such as `/retest` have events of their own. The number alone
 * does not tell: the push of a merged request has it too (Pipelines-as-Code, `pkg/opscomments` and `pull_request_number`).
 */
function isOfRequest(run: Described): boolean {
  const event = findText(run, eventKey) ?? 'push';
  return (
    /^(pull|merge)[ _]request/i.test(event) || (event.endsWith('-comment') && findText(run, requestKey) !== undefined)
  );
}

/**
 * A pipeline that is written into its PipelineRun has no name, and Tekton puts that of the PipelineRun in its place: on
 * the run itself, on its TaskRuns, and on PipelineRuns that it starts as tasks.
 */
function isOfOneRun({ name, labels }: Described, pipeline: string): boolean {
  return pipeline === name || pipeline === labels[pipelineRunLabel];
}

function findFirst(run: Described, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = run.labels[key] ?? run.annotations[key];
    if (value === undefined || (key === pipelineLabel && isOfOneRun(run, value))) continue;
    const name = makeLabelValue(value);
    if (name !== undefined) return name;
  }
  return undefined;
}
