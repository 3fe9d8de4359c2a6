import { gauge, type MetricFamily } from '../../../model/metric.ts';
import type { Logger } from '../../../runtime/log.ts';
import { excessScopes } from '../metrics.ts';
import { excessScopesOf } from './scopes.ts';

/** What answers tell besides what was asked. */
export interface Answers {
  saw(headers: Readonly<Record<string, string>>): void;
  count(): number;
  families(): readonly MetricFamily[];
}

/** @param warned Scopes that were warned of already; it grows. */
export function answersOf(source: string, warned: Set<string>, log: Logger): Answers {
  let count = 0;
  let excess: readonly string[] | undefined;
  return {
    saw: (headers) => {
      count += 1;
      excess = excessScopesOf(headers) ?? excess;
      const fresh = (excess ?? []).filter((scope) => !warned.has(scope));
      if (fresh.length === 0) return;
      for (const scope of fresh) warned.add(scope);
      log.warn('the credential has scopes that the collector does not need', {
        source,
        scopes: fresh,
      });
    },
    count: () => count,
    families: () =>
      excess === undefined
        ? []
        : [gauge(excessScopes, [{ labels: { system: 'bitbucket', source }, value: excess.length }])],
  };
}
