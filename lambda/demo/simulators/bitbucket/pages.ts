/** Bitbucket's envelope of a list, and its partial answers. */

export interface PageRequest {
  /** The whole address, for the link to the next page. */
  readonly url: URL;
  readonly defaultLength?: number;
  /** Parameters that the link to the next page lacks, as recorded for pipelines: `sort` and `fields`. */
  readonly dropped?: readonly string[];
}

export interface PageAnswer<Item> {
  readonly page: number;
  readonly pagelen: number;
  readonly size: number;
  readonly next?: string;
  readonly values: readonly Item[];
}

const longestPage = 100;

export function cutPage<Item>(
  all: readonly Item[],
  { url, defaultLength = 10, dropped = [] }: PageRequest,
): PageAnswer<Item> {
  const page = Math.max(1, Number(url.searchParams.get('page') ?? 1));
  const pagelen = Math.min(longestPage, Number(url.searchParams.get('pagelen') ?? defaultLength));
  const values = all.slice((page - 1) * pagelen, page * pagelen);
  const hasNext = page * pagelen < all.length;
  return {
    page,
    pagelen,
    size: all.length,
    values,
    ...(hasNext ? { next: buildNextLink(url, page + 1, dropped) } : {}),
  };
}

function buildNextLink(url: URL, page: number, dropped: readonly string[]): string {
  const next = new URL(url);
  for (const name of dropped) next.searchParams.delete(name);
  next.searchParams.set('page', String(page));
  return next.href;
}

/** Only what a whitelist such as `next,values.state.name` names; everything without one. */
export function selectFields(answer: object, fields: string | null): unknown {
  if (fields === null || fields === '') return answer;
  return pickFields(
    answer,
    fields.split(',').map((field) => field.split('.')),
  );
}

function pickFields(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => pickFields(item, paths));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const below = paths.filter(([head]) => head === name).map((path) => path.slice(1));
    return below.length === 0 ? [] : [[name, pickFields(member, below)] as const];
  });
  return Object.fromEntries(kept);
}
