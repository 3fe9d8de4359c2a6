/** The settings that only the stack reads: how the function is deployed, and whom its alarms wake. */
import * as z from 'zod';
import { defaultMemoryMegabytes } from '../runtime/function-memory.ts';
import { AlarmWebhook, Mute, Receiver } from './notify.ts';
import { OperatorName } from '../settings/operator-name.ts';

/** The values that CloudWatch Logs takes (PutRetentionPolicy API reference). */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

function buildArnSchema(service: string, resource: string, example: string) {
  const pattern = new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]*:[0-9]{12}:${resource}$`);
  return z.string().regex(pattern, { error: `must be an ARN such as ${example}` });
}

/** KMS developer guide, "Key identifiers": a UUID, or `mrk-` and 32 digits of a multi-Region key. */
const keyId = '(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})';

const KmsKeyArn = buildArnSchema('kms', `key/${keyId}`, 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-…');

/** EC2 ids have 17 hexadecimal digits, old ones 8. */
function buildIdSchema(prefix: string, what: string) {
  return z.string().regex(new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`), {
    error: `must be the id of ${what} such as ${prefix}-0123456789abcdef0`,
  });
}

/** Lambda quotas, "Function configuration": security groups of a function, and CreateFunction's VpcConfig: its subnets. */
const mostSecurityGroups = 5;
const mostSubnets = 16;

/** EC2 quotas: security groups of a network interface, of which an API server on EKS has its own ones. */
const mostApiServerGroups = 16;

function buildIdListSchema(prefix: string, what: string, most: number) {
  return z
    .array(buildIdSchema(prefix, what))
    .min(1)
    .max(most)
    .refine((ids) => new Set(ids).size === ids.length, { error: `names ${what} twice` });
}

const Vpc = z
  .strictObject({
    vpcId: buildIdSchema('vpc', 'a VPC'),
    subnetIds: buildIdListSchema('subnet', 'a subnet', mostSubnets).meta({
      description: 'Private subnets with a route to the CI systems and to AWS (NAT or interface endpoints).',
    }),
    securityGroupIds: buildIdListSchema('sg', 'a security group', mostSecurityGroups)
      .optional()
      .meta({ description: 'Default: a new group without inbound rules.' }),
    apiServerSecurityGroupIds: buildIdListSchema('sg', 'a security group', mostApiServerGroups).optional().meta({
      description:
        'Security groups of private Kubernetes API servers; each gets a rule that lets the function in on port 443.',
    }),
  })
  .meta({ id: 'Vpc', description: 'Where the function runs, to reach private CI systems or Pushgateways.' });

/** AWS General Reference, "Tagging your AWS resources"; so many of a user's own. */
const mostTags = 50;

/** As many as `queuesPerMetric` allows at most. */
const mostObjects = 100_000;

/** What a price is told for: no configuration says how much there is to read. */
const Fleet = z
  .strictObject({
    scopes: z.int().min(1).max(1000).default(1).meta({
      description: 'Places that queues and pipelines stand in: clusters, namespaces, projects or repositories.',
    }),
    queues: z.int().min(0).max(mostObjects).default(10).meta({ description: 'Queues of a source.' }),
    pipelines: z.int().min(0).max(mostObjects).default(10).meta({ description: 'Pipelines or workflows of a source.' }),
    runsAnHour: z.number().min(0).max(1000).default(2).meta({ description: 'Runs of a pipeline that end in an hour.' }),
    jobsOfARun: z.number().min(0).max(1000).default(3).meta({ description: 'Jobs of a run.' }),
    labelValues: z.int().min(1).max(1000).default(3).meta({
      description:
        'Values of each label of a measure of the source `prometheus`, and of others that nothing else tells.',
    }),
  })
  .prefault({})
  .meta({
    id: 'Fleet',
    description:
      'How large the CI systems are that `cdk synth` tells a price for. It changes nothing that is deployed; `collect --dry-run` counts the real ones.',
  });
export type Fleet = z.infer<typeof Fleet>;

/** What only the stack reads: how the function is deployed. */
export const Deployment = z
  .strictObject({
    stackName: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, {
        error: 'must be 1 to 128 letters, digits or dashes and start with a letter',
      })
      .optional()
      .meta({ description: 'Name of the CloudFormation stack; default: the name of the collector.' }),
    schedule: z
      .enum(['enabled', 'disabled'])
      .default('enabled')
      .meta({ description: '`disabled` deploys everything and collects nothing.' }),
    memoryMegabytes: z
      .int()
      .min(128)
      .max(10_240)
      .default(defaultMemoryMegabytes)
      .meta({ description: 'Memory of the function; its share of a CPU grows with it.' }),
    timeoutSeconds: z.int().min(10).max(900).optional().meta({
      description: 'Longest run. Default: 10 seconds less than the interval, at most 5 minutes; 65 below one minute.',
    }),
    reservedConcurrency: z.int().min(1).max(1000).optional().meta({
      description: 'Holds the function at this many runs at once. An account with a small quota refuses to deploy it.',
    }),
    logRetentionDays: z.literal(retentionDays).default(30).meta({ description: 'How long the log is kept.' }),
    logKeyArn: KmsKeyArn.optional().meta({
      description: 'KMS key of the log group; its policy must let CloudWatch Logs use it.',
    }),
    secrets: z.enum(['create', 'import']).default('create').meta({
      description:
        '`create`: secrets that are named (not given as ARN) are created empty, for you to fill; `import`: they exist.',
    }),
    secretsKeyArn: KmsKeyArn.optional().meta({
      description: 'KMS key of the secrets and SecureString parameters, where it is not the one that AWS manages.',
    }),
    importedSecretsKeyArns: z.array(KmsKeyArn).min(1).optional().meta({
      description:
        'Further KMS keys, of secrets and parameters that exist already; the function may decrypt with them.',
    }),
    queueKeyArn: KmsKeyArn.optional().meta({
      description:
        'KMS key of the queues for failed runs and for events; its policy must let events.amazonaws.com use it (kms:Decrypt, kms:GenerateDataKey).',
    }),
    topicKeyArn: KmsKeyArn.optional().meta({
      description:
        'KMS key of the topic that the stack makes; its policy must let cloudwatch.amazonaws.com use it (kms:Decrypt, kms:GenerateDataKey*).',
    }),
    environmentKeyArn: KmsKeyArn.optional().meta({
      description: "KMS key of the functions' environment variables, which hold no secrets.",
    }),
    stateTable: z.enum(['retain', 'destroy']).default('retain').meta({
      description:
        'What becomes of the table that counters are kept in, when the stack is removed; it is made only where a source needs one.',
    }),
    stateKeyArn: KmsKeyArn.optional().meta({
      description: 'KMS key of that table, where it is not the one that AWS manages for DynamoDB.',
    }),
    tracing: z
      .enum(['off', 'active'])
      .default('off')
      .meta({ description: '`active` records a segment a run in AWS X-Ray.' }),
    dashboard: z
      .enum(['create', 'omit'])
      .default('create')
      .meta({ description: 'The CloudWatch dashboard; an account has three without charge.' }),
    fleet: Fleet,
    vpc: Vpc.optional(),
    permissionsBoundaryArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::(?:[0-9]{12}|aws):policy\/.+$/, {
        error: 'must be the ARN of an IAM policy such as arn:aws:iam::111122223333:policy/boundary',
      })
      .optional()
      .meta({ description: 'Permissions boundary of every role of the stack.' }),
    tags: z
      .record(
        z
          .string()
          .regex(/^(?![aA][wW][sS]:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u, { error: 'must be a tag key of AWS' }),
        z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, { error: 'must be a tag value of AWS' }),
      )
      .refine((tags) => Object.keys(tags).length <= mostTags, {
        error: `must be at most ${String(mostTags)}: AWS takes no more on a resource`,
      })
      .default({})
      .meta({ description: 'Tags of every resource that takes them.' }),
  })
  .meta({ id: 'Deployment', description: 'How the stack is deployed.' });
export type Deployment = z.infer<typeof Deployment>;

/** Alarms on Metrics Insights queries see three hours (CloudWatch user guide, "Metrics Insights alarms"). */
const maxMinutes = 180;

const Minutes = z.int().min(1).max(maxMinutes);

/** A day: a queue that waits longer has been noticed. */
const WaitMinutes = z.int().min(1).max(1440);

const QueueAlarm = z
  .strictObject({
    source: OperatorName.meta({ description: 'Name of the source that sees the queue.' }),
    scope: z.string().min(1).meta({ description: 'Value of the `scope` label: the Buildkite cluster, for instance.' }),
    queue: z.string().min(1).meta({ description: 'Name of the queue, without wildcards.' }),
    starvedMinutes: Minutes.optional().meta({ description: 'Default: `alarms.starvedMinutes`.' }),
    oldestWaitMinutes: WaitMinutes.optional().meta({
      description: 'Longest wait of its oldest job, where the source tells it. Default: `alarms.oldestWaitMinutes`.',
    }),
  })
  .meta({ id: 'QueueAlarm', description: 'An alarm of its own for one queue.' });
export type QueueAlarm = z.infer<typeof QueueAlarm>;

/** A year: credentials that end later are renewed with the machine that they stand on. */
const ExpiringHours = z.int().min(1).max(8760);

const TokenAlarm = z
  .strictObject({
    source: OperatorName.meta({ description: 'Name of the source whose CI system tells when its credential ends.' }),
    expiringHours: ExpiringHours.meta({
      description: 'How long before its end; at most half of its lifetime, or the last twentieth of it counts.',
    }),
  })
  .meta({ id: 'TokenAlarm', description: 'When the alarm on one source’s credential goes off.' });

const PipelineAlarm = z
  .strictObject({
    source: OperatorName.meta({ description: 'Name of the source that sees the pipeline.' }),
    scope: z.string().min(1).meta({ description: 'Value of the `scope` label of its metrics.' }),
    pipeline: z.string().min(1).meta({ description: 'Value of the `pipeline` label, without wildcards.' }),
    failurePercent: z
      .int()
      .min(1)
      .max(100)
      .default(40)
      .meta({ description: 'Share of failed, timed out and errored runs of an hour, once it has had five runs.' }),
    sinceSuccessHours: z
      .int()
      .min(1)
      .max(24 * 31)
      .optional()
      .meta({ description: 'How long the pipeline may be without a success; off by default.' }),
  })
  .meta({ id: 'PipelineAlarm', description: 'Alarms of its own for one pipeline.' });
export type PipelineAlarm = z.infer<typeof PipelineAlarm>;

/** What only the stack reads: whom to wake, and for what. */
export const Alarms = z
  .strictObject({
    topicArn: buildArnSchema('sns', '[A-Za-z0-9_-]{1,256}', 'arn:aws:sns:eu-west-1:111122223333:on-call')
      .optional()
      .meta({ description: 'SNS topic that is told of the alarms; default: a new topic.' }),
    webhook: AlarmWebhook.optional(),
    notify: z.array(Receiver).default([]).meta({
      description: 'Who is told, and of which alarms: mail, chat, on-call services and HTTP receivers.',
    }),
    mute: z.array(Mute).default([]).meta({
      description: 'Quiet hours. What goes off in them is told at their end, if it is still on.',
    }),
    runbookUrl: z
      .url({ protocol: /^https$/, error: 'must be an https:// URL' })
      .refine((url) => !url.includes('#'), { error: 'must have no #: the section of an alarm comes after it' })
      .optional()
      .meta({
        description:
          'Where people read your copy of docs/operating.md; descriptions of alarms and messages then lead to the section of their alarm.',
      }),
    emails: z
      .array(z.email())
      .default([])
      .meta({ description: 'Addresses that subscribe to the topic; each has to confirm once.' }),
    queues: z.array(QueueAlarm).default([]).meta({
      description: 'Queues with alarms of their own: no worker for queued jobs, and jobs that wait too long.',
    }),
    pipelines: z.array(PipelineAlarm).default([]).meta({
      description:
        'Pipelines with alarms of their own, where CloudWatch gets their runs, from a sink `cloudwatch` or `otlp`.',
    }),
    unnamedQueues: z.enum(['alarm', 'ignore']).default('alarm').meta({
      description:
        '`alarm`: one alarm for each fault watches every queue, also those that appear later, where CloudWatch gets them, from a sink `cloudwatch` or `otlp`.',
    }),
    starvedMinutes: Minutes.default(5).meta({
      description:
        'How many minutes a queue may have jobs and no worker within twice as many; at least three runs above one minute. The alarm on all queues looks back 180 minutes at most, which is two runs of three at an hour.',
    }),
    oldestWaitMinutes: WaitMinutes.default(10).meta({
      description:
        'How long the oldest queued job may wait, where a source tells it, in five minutes of ten, rounded up to whole runs.',
    }),
    stuckRunsMinutes: Minutes.default(15).meta({
      description: 'How many minutes runs may be stuck within twice as many; at least three runs above one minute.',
    }),
    workflowDownMinutes: Minutes.default(30).meta({
      description:
        'How long a workflow of Chainloop may be down, where CloudWatch gets it, from a sink `cloudwatch` or `otlp`; Chainloop itself proposes 30. On the metrics of its own page, so many minutes within twice as many; at least three runs above one minute, and at an hour two runs of three, because that alarm looks back 180 minutes at most.',
    }),
    throttledMinutes: Minutes.default(10).meta({
      description:
        'How many minutes TaskRuns of Tekton may wait for a quota or a node within twice as many; at least three runs above one minute.',
    }),
    unseenMinutes: Minutes.default(5).meta({
      description:
        'How many minutes runs may be without a controller of Tekton within twice as many, after the two minutes that each has anyhow; at least three runs above one minute.',
    }),
    systemErrors: z
      .int()
      .min(1)
      .default(10)
      .meta({ description: 'Faults of a CI system (lost agents, expired jobs) in 15 minutes that raise its alarm.' }),
    countingLateMinutes: z.int().min(15).max(1440).default(30).meta({
      description:
        'How far the counting of finished runs may lag behind in five minutes of ten, rounded up to whole runs; at least two intervals.',
    }),
    tokenExpiringHours: ExpiringHours.default(336).meta({
      description:
        'How long before its end a credential raises its alarm, where the CI system tells; 14 days outlast holidays. One that lives shorter than twice as long raises it in the last twentieth of its life.',
    }),
    tokens: z.array(TokenAlarm).default([]).meta({
      description: 'Sources whose credentials have a time of their own.',
    }),
    sourceDownMinutes: Minutes.default(3).meta({
      description: 'How many minutes a source may fail within twice as many; at least three runs above one minute.',
    }),
    sinkDownMinutes: Minutes.default(3).meta({
      description:
        'How many minutes a sink may refuse data within twice as many; at least three runs above one minute.',
    }),
    silentMinutes: Minutes.default(3).meta({
      description: 'How long no run may end, rounded up to whole intervals; at least two.',
    }),
    durationPercent: z
      .int()
      .min(10)
      .max(100)
      .default(80)
      .meta({ description: 'Share of the function timeout above which a run is too slow.' }),
  })
  .meta({ id: 'Alarms', description: 'Whom the alarms of the stack wake, and for what.' });
export type Alarms = z.infer<typeof Alarms>;
