/** Keeps the first page of each list of runs, so that an answer "unchanged" can be used. */
import type { PipelineRecord } from './schema.ts';

/** The first page of a list, as it was when it had this tag. */
export interface KnownPage {
  readonly etag: string;
  readonly records: readonly PipelineRecord[];
  readonly hasNext: boolean;
}

/** First pages by repository, for as long as the process is warm: an answer 304 then costs no transfer and no parsing. */
export interface PageCache {
  get(repository: string): KnownPage | undefined;
  set(repository: string, page: KnownPage): void;
}

/** A page of 50 runs is some 30 kB in memory; more repositories than these are rarely asked twice by one process. */
const keptPages = 500;

export function createPageCache(): PageCache {
  const pages = new Map<string, KnownPage>();
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
