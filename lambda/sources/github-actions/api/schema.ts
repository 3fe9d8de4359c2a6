/** What is read of GitHub's answers and events: the records of runs, jobs, repositories and runners. */
import * as z from 'zod';

function makeLenient<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().catch(undefined);
}

const Text = makeLenient(z.string());

/** Ids have eleven digits and more; in state and keys they are texts. */
const Id = z.int().nonnegative().transform(String);
const OptionalId = makeLenient(z.int().nonnegative());

/** ISO 8601 to epoch milliseconds. */
const Instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  context.issues.push({ code: 'custom', message: 'is not a time', input: text });
  return z.NEVER;
});
const OptionalInstant = makeLenient(Instant);

export const RunRecord = z.object({
  id: Id,
  run_number: makeLenient(z.int().nonnegative()),
  /** Rises with each re-run, which keeps id and `created_at`. */
  run_attempt: z.int().min(1).catch(1),
  /** The file of the workflow, such as `.github/workflows/build.yml`. */
  path: Text,
  name: Text,
  event: Text,
  status: Text,
  conclusion: Text,
  head_branch: Text,
  head_sha: Text,
  created_at: Instant,
  /** Of this attempt. */
  run_started_at: OptionalInstant,
  /** Moves after the end as well: by an annotation, or a deletion of logs. */
  updated_at: OptionalInstant,
});
export type RunRecord = z.infer<typeof RunRecord>;

export const JobRecord = z.object({
  id: Id,
  run_id: Id,
  run_attempt: z.int().min(1).catch(1),
  name: Text,
  status: Text,
  conclusion: Text,
  created_at: OptionalInstant,
  /** That of the creation until a runner has taken the job. */
  started_at: OptionalInstant,
  completed_at: OptionalInstant,
  labels: z.array(z.string()).catch([]),
  /** 0 or null before a runner has taken the job, and for one that never had any. */
  runner_id: OptionalId,
  runner_group_name: Text,
  head_branch: Text,
  steps: makeLenient(z.array(z.object({ started_at: OptionalInstant }))),
});
export type JobRecord = z.infer<typeof JobRecord>;

export const RepositoryRecord = z.object({
  id: Id,
  /** `owner/name` */
  full_name: z.string().regex(/^[^/\s]+\/[^/\s]+$/),
  default_branch: Text,
  archived: z.boolean().catch(false),
  disabled: z.boolean().catch(false),
  pushed_at: OptionalInstant,
});
export type RepositoryRecord = z.infer<typeof RepositoryRecord>;

export const RunnerRecord = z.object({
  id: Id,
  status: z.string(),
  busy: makeLenient(z.boolean()),
  ephemeral: makeLenient(z.boolean()),
  labels: z
    .array(z.object({ name: z.string() }))
    .transform((labels) => labels.map(({ name }) => name))
    .catch([]),
});
export type RunnerRecord = z.infer<typeof RunnerRecord>;

/** A larger runner of GitHub: a kind of machine of which there are as many as jobs need. */
export const HostedRunnerRecord = z.object({
  id: Id,
  name: z.string().min(1),
  status: Text,
  /** Jobs at once. */
  maximum_runners: z.int().nonnegative(),
});
export type HostedRunnerRecord = z.infer<typeof HostedRunnerRecord>;

/** A line of the bill: what was used on a day. */
export const UsageRecord = z.object({
  product: z.string(),
  sku: z.string(),
  unitType: z.string(),
  quantity: z.number().nonnegative(),
});
export type UsageRecord = z.infer<typeof UsageRecord>;

export const DeploymentRecord = z.object({ id: Id, environment: z.string().min(1), created_at: Instant });
export type DeploymentRecord = z.infer<typeof DeploymentRecord>;

export const DeploymentStatusRecord = z.object({ state: z.string(), created_at: Instant });
export type DeploymentStatusRecord = z.infer<typeof DeploymentStatusRecord>;

/** An environment that a run waits for. */
export const PendingDeploymentRecord = z.object({ environment: z.object({ name: Text }) });

/** Only the frames are required; elements are read one by one, so that a bad one costs only itself. */
export const runsFrame = z.object({ workflow_runs: z.array(z.unknown()) }).transform((page) => page.workflow_runs);
export const jobsFrame = z.object({ jobs: z.array(z.unknown()) }).transform(({ jobs }) => jobs);
export const runnersFrame = z.object({ runners: z.array(z.unknown()) }).transform(({ runners }) => runners);
export const usageFrame = z.object({ usageItems: z.array(z.unknown()) }).transform(({ usageItems }) => usageItems);
/** Of what has nothing around it. */
export const listFrame = z.array(z.unknown());
/** An installation has its own list; that of an organization has nothing around it. */
export const repositoriesFrame = z.union([
  z.object({ repositories: z.array(z.unknown()) }).transform(({ repositories }) => repositories),
  z.array(z.unknown()),
]);

export interface Elements<Item> {
  readonly items: readonly Item[];
  /** Elements that are not what is expected; they were left out. */
  readonly unreadable: number;
}

export function parseElements<Item>(values: readonly unknown[], schema: z.ZodType<Item>): Elements<Item> {
  const items = values.flatMap((value) => {
    const { data, success } = schema.safeParse(value);
    return success ? [data] : [];
  });
  return { items, unreadable: values.length - items.length };
}

/** What an event of the webhook tells, as it was cut before it went into the queue. */
const EventRepository = z.object({ id: Id, full_name: Text, default_branch: Text });
export const JobEvent = z.object({ workflow_job: JobRecord, repository: EventRepository });
export const RunEvent = z.object({ workflow_run: RunRecord, repository: EventRepository });
export const RepositoryEvent = z.object({ action: Text, repository: EventRepository });
