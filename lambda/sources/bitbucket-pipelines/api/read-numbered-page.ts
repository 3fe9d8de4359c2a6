/** Asks for one page of a list by its number, also for one that may lie behind the last page. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { type Answer, type ApiContext, readAnswer, type Query } from './client.ts';
import { Page } from './schema.ts';

export type PageQuery = Query & { readonly parameters: { readonly page: string } };

/**
 * A search for the first end tries pages that may not exist, and a list may have become shorter since it was cut. Parts of
 * Bitbucket answer with an empty page then, others with 400 or 404 and `Invalid page`; that is an empty page, too.
 * @throws BudgetSpentError, HttpError, SecretUnavailableError
 */
export async function readNumberedPage(api: ApiContext, query: PageQuery): Promise<Answer<Page>> {
  try {
    return await readAnswer(api, query, Page);
  } catch (error) {
    if (query.parameters.page === '1' || !isInvalidPage(error)) throw error;
    return { value: { values: [], next: undefined }, etag: undefined };
  }
}

/** The words decide: a repository that is gone answers 404 as well. */
function isInvalidPage(error: unknown): boolean {
  if (!(error instanceof HttpStatusError)) return false;
  return (error.status === 400 || error.status === 404) && /\binvalid page\b/i.test(error.excerpt);
}
