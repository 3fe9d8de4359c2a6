/** Finds the deployments that have ended in a list that shows those without an end first, however many these are. */
import type { ListPage } from '../../../crawl/list-newest-first.ts';

/** A page of deployments: `rows` are all that stand on it, `times` are the ends. */
export type DeploymentsPage<Row> = ListPage<Row> & {
  /** Whether the first row of the page has ended. */
  readonly beginsEnded: boolean;
};

/** Pages are doubled up to the first end and halved back to it: 32 steps reach any list that there can be. */
const mostSteps = 32;

/**
 * The page with the first end; undefined where nothing has ended. From where it was last time, since rows that never
 * run only become more. `passed` gets each page that holds no end, so that a search that runs out of
 * requests goes on there. @throws what `readPage` throws
 */
export async function findFirstEndedPage<Row>(
  readPage: (page: number) => Promise<DeploymentsPage<Row>>,
  startPage: number,
  passed: (page: number) => void,
): Promise<number | undefined> {
  /** No end up to this page. */
  let below = 0;
  /** The first end is on this page or before it; undefined while that is unknown. */
  let above: number | undefined;
  let page = startPage;
  let stride = 1;
  for (let step = 0; step < mostSteps; step += 1) {
    const read = await readPage(page);
    const side = locateFirstEnd(read, page);
    if (side === 'here') return page;
    if (side === 'none') return undefined;
    if (side === 'further') {
      below = page;
      passed(page);
    } else above = page;
    if (above === below + 1) return above;
    page = chooseNextPage(below, above, stride);
    stride *= 2;
  }
  return above;
}

function locateFirstEnd<Row>(
  { rows, times, hasNext, beginsEnded }: DeploymentsPage<Row>,
  page: number,
): 'here' | 'none' | 'further' | 'before' {
  if (rows.length === 0) return page === 1 ? 'none' : 'before';
  if (times.length === 0) return hasNext ? 'further' : 'none';
  return beginsEnded && page > 1 ? 'before' : 'here';
}

function chooseNextPage(below: number, above: number | undefined, stride: number): number {
  if (above === undefined) return below + stride;
  // Nothing is known of what lies before: most often it is the page before.
  if (below === 0) return Math.max(1, above - stride);
  return Math.floor((below + above) / 2);
}
