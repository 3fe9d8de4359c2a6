/** Prepares a configured sink: finds its kind in the registry, and checks its settings. */
import { sinks } from './index.ts';
import type { PreparedSink } from './sink.ts';

/** @throws z.ZodError for a configuration that does not fit its kind. */
export function prepareSink(raw: Readonly<Record<string, unknown>>): PreparedSink {
  const registered = sinks.find(({ kind }) => kind === raw['kind']);
  if (registered === undefined) throw new RangeError(`no sink of kind ${String(raw['kind'])}`);
  return registered.prepare(raw);
}
