/** Keeps the first page of each list of runs, so that an answer "unchanged" can be used. */

/** The first page of a list, as it was when it had this tag. */
export interface KnownPage<Row> {
  readonly etag: string;
  readonly records: readonly Row[];
  readonly hasNext: boolean;
}

/** First pages by repository, for as long as the process is warm: an answer 304 then costs no transfer and no parsing. */
export interface PageCache<Row> {
  get(repository: string): KnownPage<Row> | undefined;
  set(repository: string, page: KnownPage<Row>): void;
}

/** A page of 50 runs is some 30 kB in memory; more repositories than these are rarely asked twice by one process. */
const keptPages = 500;

export function createPageCache<Row>(): PageCache<Row> {
  const pages = new Map<string, KnownPage<Row>>();
  return {
    get: (repository) => pages.get(repository),
    set: (repository, page) => {
      pages.delete(repository);
      pages.set(repository, page);
      const [oldest] = pages.keys();
      if (pages.size > keptPages && oldest !== undefined) pages.delete(oldest);
    },
  };
}
