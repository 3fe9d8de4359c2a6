/** Cuts lists into pages with a number, whose neighbours stand in the header `Link`. */

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty where there is one page only. */
  readonly headers: Readonly<Record<string, string>>;
}

const usualLength = 30;
const longestPage = 100;

/** A filtered list of runs ends here, though its count goes on (OpenAPI, "List workflow runs for a repository"). */
export const mostFilteredRuns = 1000;

export function cutPage<Item>(url: URL, all: readonly Item[]): Page<Item> {
  const length = Math.min(longestPage, readNumber(url, 'per_page', usualLength));
  const number = readNumber(url, 'page', 1);
  const last = Math.max(1, Math.ceil(all.length / length));
  const items = all.slice((number - 1) * length, number * length);
  const links = [
    ...(number > 1 ? [formatLink(url, number - 1, 'prev')] : []),
    ...(number < last ? [formatLink(url, number + 1, 'next'), formatLink(url, last, 'last')] : []),
    ...(number > 1 ? [formatLink(url, 1, 'first')] : []),
  ];
  return { items, headers: links.length === 0 ? {} : { link: links.join(', ') } };
}

function readNumber({ searchParams }: URL, name: string, usual: number): number {
  const value = Number(searchParams.get(name) ?? usual);
  return Number.isInteger(value) && value > 0 ? value : usual;
}

function formatLink(url: URL, page: number, rel: string): string {
  const other = new URL(url);
  other.searchParams.set('page', String(page));
  return `<${other.href}>; rel="${rel}"`;
}
