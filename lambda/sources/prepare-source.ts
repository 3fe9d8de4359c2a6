/** Prepares a configured source: finds its kind in the registry, and checks its settings. */
import { sources } from './index.ts';
import { addCosts } from './add-costs.ts';
import type { Prices } from '../settings/prices.ts';
import type { PreparedSource, RegisteredSource } from './source.ts';

/**
 * @param prices What workers cost, where something has a price.
 * @throws z.ZodError for a configuration that does not fit its kind.
 */
export function prepareSource(raw: Readonly<Record<string, unknown>>, prices?: Prices): PreparedSource {
  const known: readonly RegisteredSource[] = sources;
  const registered = known.find(({ kind }) => kind === raw['kind']);
  if (registered === undefined) throw new RangeError(`no source of kind ${String(raw['kind'])}`);
  return addCosts(registered.prepare(raw), prices);
}
