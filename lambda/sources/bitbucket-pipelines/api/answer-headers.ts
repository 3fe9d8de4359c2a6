/** Collects what the headers of answers say beside what was read: how many came, and which scopes are too many. */
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import type { Logger } from '../../../runtime/log.ts';
import { excessScopes } from '../metrics.ts';
import { findExcessScopes } from './scopes.ts';

/** What answers tell besides what was asked. */
export interface AnswerHeaders {
  noteHeaders(headers: Readonly<Record<string, string>>): void;
  count(): number;
  families(): readonly MetricFamily[];
}

/** @param warned Scopes that were warned of already; it grows. */
export function watchAnswerHeaders(source: string, warned: Set<string>, log: Logger): AnswerHeaders {
  let count = 0;
  let excess: readonly string[] | undefined;
  return {
    noteHeaders: (headers) => {
      count += 1;
      excess = findExcessScopes(headers) ?? excess;
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
        : [buildGauge(excessScopes, [{ labels: { system: 'bitbucket', source }, value: excess.length }])],
  };
}
