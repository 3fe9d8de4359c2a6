/** Formats the numbers that the basis of a price shows. */
import { groupDigits } from '../../model/text/wording.ts';

/** Numbers as a basis shows them. */
export function formatCount(count: number): string {
  return groupDigits(count);
}
