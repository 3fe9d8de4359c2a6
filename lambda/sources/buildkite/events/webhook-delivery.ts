/** Reads a `job.finished` delivery of Buildkite's own webhooks as the event of EventBridge that tells the same. */
import * as z from 'zod';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import { Text } from '../user-api/lenient.ts';

/** Job, build and pipeline are those of the REST API, the build without its jobs (Buildkite docs, "Job webhook events"). */
const Delivery = z.object({
  job: z.looseObject({
    id: z.string().min(1),
    state: Text,
    exit_status: z.number().nullish().catch(undefined),
  }),
  build: z.looseObject({ id: z.string(), url: Text }),
  pipeline: z.object({ slug: z.string(), url: Text }),
});

/**
 * In the shape of an EventBridge event, which is checked further on; undefined for what is no such delivery. The
 * organization stands in addresses only.
 */
export function parseDelivery(body: string): object | undefined {
  const { data } = Delivery.safeParse(tryParseJson(body));
  if (data === undefined) return undefined;
  const { job, build, pipeline } = data;
  const slug = findOrganization(pipeline.url) ?? findOrganization(build.url);
  if (slug === undefined) return undefined;
  return {
    job: { ...job, uuid: job.id, passed: hasPassed(job) },
    build: { ...build, uuid: build.id },
    pipeline,
    organization: { slug },
  };
}

/** The REST API says `passed` or `failed` where an event may say `finished`; then the exit status tells. */
function hasPassed({ state, exit_status }: z.infer<typeof Delivery>['job']): boolean | undefined {
  const lower = state?.toLowerCase();
  if (lower === 'passed' || lower === 'failed') return lower === 'passed';
  return exit_status === null || exit_status === undefined ? undefined : exit_status === 0;
}

function findOrganization(url: string | null | undefined): string | undefined {
  return /\/organizations\/([^/?#]+)\//.exec(url ?? '')?.[1];
}
