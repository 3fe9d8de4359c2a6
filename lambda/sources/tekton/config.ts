/** The settings of a source of kind tekton. */
import * as z from 'zod';
import { Glob, Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed } from '../../http/plaintext.ts';
import { externalIdError, hasRoleForExternalId, roleSettings } from '../../http/auth/role-settings.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';

/** RFC 1123 label, as the API server demands of a namespace. */
const Namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error: 'must be the name of a namespace' });

/** Optional prefix and name (Kubernetes documentation, Labels and selectors). */
const LabelKey = z.string().regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/, {
  error: 'must be the key of a label or an annotation',
});

const ApiServer = HttpUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
  error: 'must be an https:// URL, or the token travels readable',
});

const ServerName = z.string().min(1).meta({
  description:
    'Name that the certificate of the API server must have, where it differs from the host, as behind a load balancer.',
});

const Region = z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, { error: 'must be an AWS Region such as eu-west-1' });

const EksCluster = z.strictObject({
  eks: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, { error: 'must be the name of the EKS cluster, not its ARN' })
        .meta({ description: 'Name of the EKS cluster.' }),
      region: Region.optional().meta({
        description: 'AWS Region of the cluster; without it, the one of the function.',
      }),
      endpoint: ApiServer.optional().meta({
        description: 'API server of the cluster; without it and the CA, `eks:DescribeCluster` is asked once a process.',
      }),
      certificateAuthority: z
        .base64()
        .optional()
        .meta({ description: 'CA of the API server as EKS shows it: a PEM in base64. It is public.' }),
      describeUrl: ApiServer.optional().meta({
        description: 'Base URL of the EKS API, for a FIPS or private endpoint; the default is that of the Region.',
      }),
      serverName: ServerName.optional(),
      ...roleSettings,
    })
    .refine(hasRoleForExternalId, externalIdError)
    .refine(({ endpoint, certificateAuthority }) => (endpoint === undefined) === (certificateAuthority === undefined), {
      error: 'endpoint and certificateAuthority go together; without both they are looked up',
    })
    .meta({ description: 'An EKS cluster, entered with the role of the function, or with `roleArn`.' }),
});

const ServerCluster = z
  .strictObject({
    server: ApiServer.meta({ description: 'URL of the API server.' }),
    token: SecretRef.optional().meta({ description: 'Token of a ServiceAccount.' }),
    tls: TlsSettings.optional(),
    serverName: ServerName.optional(),
  })
  .refine(({ token, tls }) => token !== undefined || tls?.cert !== undefined, {
    error: 'needs a token, or a client certificate in tls.cert and tls.key',
  });

const KubeconfigCluster = z.strictObject({
  kubeconfig: SecretRef.meta({ description: 'A kubeconfig: a file outside AWS, or a secret that holds one.' }),
  context: z.string().min(1).optional().meta({ description: 'Its context; without it, the current one.' }),
});

export const Cluster = z
  .union([EksCluster, ServerCluster, KubeconfigCluster])
  .meta({ id: 'KubernetesCluster', description: 'Where the API server is and who the collector is to it.' });
export type Cluster = z.infer<typeof Cluster>;

/** Labels in order; the first that a run has names it. */
const Labels = z.strictObject({
  pipeline: z
    .array(LabelKey)
    .min(1)
    .default(['pipelinesascode.tekton.dev/original-prname', 'tekton.dev/pipeline'])
    .meta({
      description: 'Labels or annotations that name the pipeline of a run; the first one that is there counts.',
    }),
  queue: z
    .array(LabelKey)
    .min(1)
    .default(['kueue.x-k8s.io/queue-name', 'pipelinesascode.tekton.dev/repository'])
    .meta({ description: 'Labels or annotations that name the queue of a run; without any, it is the namespace.' }),
});

/** Opt-in lists must name something: a label for everything is what they are there to prevent. */
const AllowList = Selection.refine(({ include }) => include !== undefined, { error: 'needs include' });

/** Both generations of names: up to v1.9 (OpenCensus) and from v1.10 on (OpenTelemetry). */
const controllerMetricNames = [
  'tekton_pipelines_controller_running_*',
  'tekton_pipelines_controller_pipelinerun_total',
  'tekton_pipelines_controller_pipelinerun_count',
  'tekton_pipelines_controller_taskrun_total',
  'tekton_pipelines_controller_taskrun_count',
  'tekton_pipelines_controller_workqueue_depth',
  'kn_workqueue_depth',
  'kn_workqueue_retries_total',
  'kn_workqueue_unfinished_work_seconds',
];

const ControllerMetrics = z.strictObject({
  namespace: Namespace.default('tekton-pipelines').meta({
    description: 'Where the controller runs; `openshift-pipelines` on OpenShift.',
  }),
  through: z.enum(['pods', 'service']).default('pods').meta({
    description:
      '`pods` reads every replica by the proxy of the API server; `service` needs fewer rights but reaches any one of them at a time.',
  }),
  service: Namespace.default('tekton-pipelines-controller').meta({
    description: 'Service of the controller, and value of the label `job`.',
  }),
  port: z.int().min(1).max(65_535).default(9090).meta({ description: 'Port of its metrics.' }),
  podSelector: z
    .string()
    .min(1)
    .default('app.kubernetes.io/name=controller,app.kubernetes.io/part-of=tekton-pipelines')
    .meta({ description: 'Label selector of its pods.' }),
  metrics: Selection.default({ include: controllerMetricNames }).meta({
    description: 'Which metrics are passed on; histograms are many series each, and only where they are named.',
  }),
  maxSeries: z.int().min(1).max(5000).default(500).meta({
    description: 'A page with more series than that is refused as a whole.',
  }),
});
export type ControllerMetrics = z.infer<typeof ControllerMetrics>;

const Results = z.strictObject({
  url: ApiServer.meta({ description: 'Base URL of the Results API, as it is reached from the function.' }),
  token: SecretRef.optional().meta({
    description: 'Token of a ServiceAccount that may list records; without it, the one for the EKS cluster is sent.',
  }),
  ca: SecretRef.optional().meta({ description: 'CA certificates in PEM that sign its certificate.' }),
  serverName: ServerName.optional(),
  maxRecords: z.int().min(50).max(20_000).default(1000).meta({
    description: 'At most so many records of each list are read in one collection.',
  }),
});
export type TektonResults = z.infer<typeof Results>;

export const TektonConfig = z
  .strictObject({
    kind: z.literal('tekton'),
    name: OperatorName.default('tekton').meta({ description: 'Value of the `source` label.' }),
    cluster: Cluster,
    namespaces: z
      .array(Namespace)
      .min(1)
      .refine((names) => new Set(names).size === names.length, { error: 'names the same namespace twice' })
      .optional()
      .meta({ description: 'Namespaces to read, each with a request of its own; without it, all of them.' }),
    labelSelector: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Kubernetes label selector that runs must match, such as `team=ci,!nightly`.' }),
    taskRuns: z
      .enum(['read', 'skip'])
      .default('read')
      .meta({ description: '`skip` reads PipelineRuns only: a part of the requests, but no jobs and no pod waits.' }),
    details: z.enum(['read', 'skip']).default('read').meta({
      description:
        '`read` fetches each run that has ended, for its exact times; `skip` takes them from the list and needs no right to `get`.',
    }),
    detailRequests: z.int().min(1).max(5000).default(300).meta({
      description: 'At most so many single runs are fetched in one collection; further ones are counted from the list.',
    }),
    labels: Labels.prefault({}).meta({ description: 'What names pipelines and queues.' }),
    pipelines: Selection.optional().meta({ description: 'Pipelines with a name of their own; others are `#other#`.' }),
    mainBranches: z
      .array(Glob)
      .min(1)
      .default(['main', 'master'])
      .meta({ description: 'Branches that are `main`; known for runs of Pipelines-as-Code only.' }),
    stuckAfterMinutes: z.int().min(1).max(43_200).default(120).meta({
      description: 'A run is never stuck before this age, whatever its pipeline usually takes.',
    }),
    failureReasons: z
      .enum(['publish', 'omit'])
      .default('omit')
      .meta({ description: 'Count failed runs by the reason that Tekton gives, out of a fixed list.' }),
    controllerMetrics: ControllerMetrics.optional().meta({
      description: "Also pass on the controller's own metrics, to sinks that keep series.",
    }),
    results: Results.optional().meta({
      description: 'Also read runs that have ended from Tekton Results, where they are pruned from the cluster soon.',
    }),
    tasks: AllowList.optional().meta({ description: 'Tasks to count one by one, by their name in the pipeline.' }),
    steps: AllowList.optional().meta({ description: 'Failing steps to count, as `task/step`.' }),
  })
  .refine(({ steps, taskRuns, details }) => steps === undefined || (taskRuns === 'read' && details === 'read'), {
    error: 'steps are known only from TaskRuns that are fetched: set taskRuns: read and details: read',
    path: ['steps'],
  })
  .refine(({ tasks, taskRuns }) => tasks === undefined || taskRuns === 'read', {
    error: 'tasks are known only from TaskRuns: set taskRuns: read',
    path: ['tasks'],
  })
  .refine(({ results, cluster }) => results === undefined || results.token !== undefined || 'eks' in cluster, {
    error: 'needs a token, unless the cluster is entered by cluster.eks',
    path: ['results'],
  })
  .refine(({ results, labelSelector }) => results === undefined || labelSelector === undefined, {
    error: 'Tekton Results does not know label selectors; name namespaces instead, or leave out one of the two',
    path: ['labelSelector'],
  })
  .meta({ id: 'TektonSource', description: 'PipelineRuns and TaskRuns of Tekton from the Kubernetes API.' });

export type TektonConfig = z.infer<typeof TektonConfig>;
