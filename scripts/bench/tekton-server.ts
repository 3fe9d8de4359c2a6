/** The process with the simulated Kubernetes API server for the benchmark of Tekton. */
import { startApiServer } from '../../lambda/demo/simulators/tekton/api-server.ts';
import { createRunStore, type RunObject } from '../../lambda/demo/simulators/tekton/objects.ts';

/** A Kubernetes API with the retained runs of a busy cluster; prints its URL. `tekton-server.ts PIPELINERUNS TASKRUNS` */
const [pipelineRuns = 0, taskRuns = 0] = process.argv.slice(2).map(Number);

const namespaces = 20;
const pipelines = 40;
/** Runs of a cluster that is never idle: most have ended, some wait and run. */
const shareOfOpen = 0.02;
const dayMs = 24 * 60 * 60_000;

/** What a controller of Tekton leaves in the metadata; the largest part of a row. */
const managedFields = ['controller', 'webhook'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'tekton.dev/v1',
  time: '2026-11-21T11:59:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:metadata': { 'f:labels': { '.': {}, 'f:tekton.dev/pipeline': {} } },
    'f:status': { 'f:startTime': {} },
  },
}));

function run(kind: RunObject['kind'], index: number, count: number, nowMs: number): RunObject {
  const createdMs = nowMs - Math.round(dayMs * (1 - index / count));
  const isOpen = index >= count * (1 - shareOfOpen);
  const pipeline = `pipeline-${String(index % pipelines)}`;
  const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const reason = index % 7 === 0 ? 'Failed' : 'Succeeded';
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: {
      name: `${pipeline}-run-${String(index)}`,
      namespace: `team-${String(index % namespaces)}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      creationTimestamp: time(createdMs),
      labels: {
        'tekton.dev/pipeline': pipeline,
        'tekton.dev/pipelineTask': 'build',
        'app.kubernetes.io/managed-by': 'ci',
      },
      annotations: { 'pipeline.tekton.dev/release': 'v1.15.0' },
      managedFields,
    },
    status: {
      startTime: time(createdMs + 2000),
      ...(isOpen ? {} : { completionTime: time(createdMs + 240_000) }),
      conditions: [
        isOpen
          ? { type: 'Succeeded', status: 'Unknown', reason: 'Running' }
          : { type: 'Succeeded', status: reason === 'Failed' ? 'False' : 'True', reason },
      ],
    },
  };
}

const nowMs = Date.now();
const store = createRunStore([
  ...Array.from({ length: pipelineRuns }, (_, index) => run('PipelineRun', index, pipelineRuns, nowMs)),
  ...Array.from({ length: taskRuns }, (_, index) => run('TaskRun', index, taskRuns, nowMs)),
]);
const server = await startApiServer({ clock: Date.now, store, isKnown: () => true });
process.stdout.write(`${server.url}\n`);
