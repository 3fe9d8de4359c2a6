/** Says for the doctor what a credential may beyond what its source needs. */
import type { Finding } from '../model/finding.ts';

/** Nothing where no answer has told of any. */
export function describeExcess(where: string, excess: ReadonlySet<string>): readonly Finding[] {
  if (excess.size === 0) return [];
  const message = `the credential may more than it needs to: ${[...excess].join(', ')}`;
  const remedy = 'take that from it, or make one with the rights that the README of the source lists';
  return [{ subject: 'scopes', where, verdict: 'warning', message, remedy }];
}
