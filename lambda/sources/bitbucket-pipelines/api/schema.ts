/** What is read of Bitbucket's answers: the records of runs, steps, repositories, runners and deployments. */

/**
 * What is needed of Bitbucket's answers. Its OpenAPI document has no properties for states, and several members that
 * are used here stand in no document at all, so everything that can be missing may be missing.
 */
import * as z from 'zod';

/** ISO 8601 with 0 to 9 fractional digits, which V8 reads and cuts to milliseconds. */
const Instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  context.issues.push({ code: 'custom', message: 'is not a time', input: text });
  return z.NEVER;
});

function makeLenient<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().catch(undefined);
}

const Text = makeLenient(z.string());
const Seconds = makeLenient(z.number().nonnegative());

const Named = makeLenient(z.object({ name: Text, type: Text }));

/** `type` alone tells the same where `name` is missing: `pipeline_state_in_progress_running`. */
export const State = z.object({ name: Text, type: Text, stage: Named, result: Named });
export type State = z.infer<typeof State>;

/** A word, or an object around it: `selector.type` was recorded as both. */
const Word = makeLenient(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]));

const Target = z.object({
  type: Text,
  ref_type: Text,
  ref_name: Text,
  selector: makeLenient(z.object({ type: Word, pattern: Text })),
  commit: makeLenient(z.object({ hash: Text })),
});
export type Target = z.infer<typeof Target>;

export const PipelineRecord = z.object({
  uuid: z.string().min(1),
  build_number: z.int().nonnegative(),
  /** Rises with each re-run, which keeps the uuid; absent in old data. */
  run_number: z.int().min(1).optional().catch(undefined),
  created_on: Instant,
  completed_on: makeLenient(Instant),
  duration_in_seconds: Seconds,
  build_seconds_used: Seconds,
  state: State,
  target: makeLenient(Target),
  trigger: Named,
});
export type PipelineRecord = z.infer<typeof PipelineRecord>;

/** Members that no document names; where a step tells what it runs on, this is where it would stand. */
const RunsOn = makeLenient(z.object({ labels: makeLenient(z.array(z.string())) }));

export const StepRecord = z.object({
  uuid: z.string().min(1),
  name: Text,
  run_number: z.int().min(1).optional().catch(undefined),
  trigger: Named,
  state: State,
  started_on: makeLenient(Instant),
  completed_on: makeLenient(Instant),
  duration_in_seconds: Seconds,
  runner: RunsOn,
  size: Text,
});
export type StepRecord = z.infer<typeof StepRecord>;

export const RepositoryRecord = z.object({
  uuid: z.string().min(1),
  slug: z.string().min(1),
  updated_on: makeLenient(Instant),
  project: makeLenient(z.object({ key: Text })),
  mainbranch: makeLenient(z.object({ name: Text })),
});
export type RepositoryRecord = z.infer<typeof RepositoryRecord>;

export const RunnerRecord = z.object({
  uuid: z.string().min(1),
  labels: z.array(z.string()).catch([]),
  state: z.object({
    status: z.string(),
    cordoned: makeLenient(z.boolean()),
    version: makeLenient(z.object({ version: Text, current: Text })),
    /**
     * The document of the public API (2.0) has no such member. Atlassian's own autoscaler reads it, even as null, from an
     * internal API: so it may always be unknown here which runners are busy.
     */
    step: z.unknown().optional(),
  }),
});
export type RunnerRecord = z.infer<typeof RunnerRecord>;

export const DeploymentRecord = z.object({
  uuid: z.string().min(1),
  environment: makeLenient(z.object({ uuid: Text, name: Text })),
  state: z.object({
    name: Text,
    type: Text,
    status: Named,
    started_on: makeLenient(Instant),
    completed_on: makeLenient(Instant),
    /** By the OpenAPI document; the recordings have the two above. */
    start_date: makeLenient(Instant),
    completion_date: makeLenient(Instant),
  }),
});
export type DeploymentRecord = z.infer<typeof DeploymentRecord>;

export const EnvironmentRecord = z.object({ uuid: z.string().min(1), name: z.string().min(1) });

/** Only the frame is required; elements are read one by one, so that a bad one costs only itself. */
export const Page = z.object({ values: z.array(z.unknown()), next: Text });
export type Page = z.infer<typeof Page>;

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
