/** Finds the page of a CI system that shows the queues of a source, where the configuration is enough to know it. */
import * as z from 'zod';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';

/** Lambda quotas: 4 KB for all environment variables of a function; half of it is for these. */
const mostBytes = 2048;

const Source = z.looseObject({
  kind: z.string(),
  name: z.string(),
  organization: z.string().optional(),
  workspace: z.string().optional(),
});

/** Addresses by the name of the source; those that the function cannot be told of as well are left out from the end. */
export function findCiPages({ sources }: Pick<CollectorConfig, 'sources'>): Readonly<Record<string, string>> {
  const pages: Record<string, string> = {};
  for (const source of sources) {
    const parsed = Source.safeParse(source).data;
    const page = parsed === undefined ? undefined : findPage(parsed);
    if (parsed === undefined || page === undefined) continue;
    if (JSON.stringify({ ...pages, [parsed.name]: page }).length > mostBytes) break;
    pages[parsed.name] = page;
  }
  return pages;
}

function findPage({ kind, organization, workspace }: z.infer<typeof Source>): string | undefined {
  if (kind === 'buildkite' && organization !== undefined)
    return `https://buildkite.com/organizations/${encodeURIComponent(organization)}/clusters`;
  if (kind === 'github-actions' && organization !== undefined)
    return `https://github.com/organizations/${encodeURIComponent(organization)}/settings/actions/runners`;
  if (kind === 'bitbucket-pipelines' && workspace !== undefined)
    return `https://bitbucket.org/${encodeURIComponent(workspace)}/workspace/repositories/`;
  return undefined;
}
