/** Ids of constructs that are made of names: two names may become one id, and the second then gets a number. */
import type { Construct } from 'constructs';

/** The wanted id, or the first with a number behind it that the scope has not given away. `/` reads as `--` in an id. */
export function findFreeId(scope: Construct, wanted: string): string {
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? wanted : `${wanted}${String(number)}`;
    if (scope.node.tryFindChild(id.replaceAll('/', '--')) === undefined) return id;
  }
}
