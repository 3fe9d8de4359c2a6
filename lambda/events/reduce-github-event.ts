/** Takes from a delivery of GitHub what the source needs of it: whole ones carry people, messages and 20 kB. */
import * as z from 'zod';
import { tryParseJson } from '../model/text/try-parse-json.ts';

/** A job runs on a few labels (GitHub's own runners have one); what is beyond is no name of a queue. */
const mostLabels = 20;

/** As many as GitHub allows for a label, and more than a branch or a path has; the names must be those of the poll. */
const mostCharacters = 256;

const Text = z
  .string()
  .transform((text) => text.slice(0, mostCharacters))
  .nullish()
  .catch(undefined);
const Id = z.int().nonnegative();
const OptionalId = Id.nullish().catch(undefined);

const Repository = z.object({ id: Id, full_name: Text, default_branch: Text });

const Job = z.object({
  id: Id,
  run_id: Id,
  run_attempt: OptionalId,
  name: Text,
  workflow_name: Text,
  head_branch: Text,
  status: Text,
  conclusion: Text,
  created_at: Text,
  started_at: Text,
  completed_at: Text,
  labels: z
    .array(z.string())
    .transform((labels) => labels.slice(0, mostLabels).map((label) => label.slice(0, mostCharacters)))
    .catch([]),
  runner_id: OptionalId,
  runner_group_name: Text,
  // The first one alone tells when a runner began.
  steps: z
    .array(z.object({ started_at: Text }))
    .transform((steps) => steps.slice(0, 1))
    .nullish()
    .catch(undefined),
});

const Run = z.object({
  id: Id,
  run_number: OptionalId,
  run_attempt: OptionalId,
  path: Text,
  name: Text,
  event: Text,
  status: Text,
  conclusion: Text,
  head_branch: Text,
  head_sha: Text,
  created_at: Text,
  run_started_at: Text,
  updated_at: Text,
});

const Action = z.object({ action: Text });
const Told = Action.extend({ repository: Repository });

/** By the name of the event; all others are taken and forgotten. */
const needed: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['workflow_job', Told.extend({ workflow_job: Job })],
  ['workflow_run', Told.extend({ workflow_run: Run })],
  ['deployment_status', Told],
  ['deployment_review', Told],
  ['repository', Told],
  ['installation', Action],
  ['installation_repositories', Action],
]);

/**
 * What of the delivery goes into the queue, as JSON of about 1 kB: no sender, actor or commit message.
 * @returns a word in place of what is not what GitHub documents, so that the source can tell of it; undefined for an
 * event that the source has no use for.
 */
export function reduceGithubEvent(event: string, body: string): string | undefined {
  const schema = needed.get(event);
  if (schema === undefined) return undefined;
  const { success, data } = schema.safeParse(tryParseJson(body));
  return success ? JSON.stringify(data) : 'unreadable';
}
