/** Cleans an error that leaves the process: the runtime of AWS Lambda writes it into its log and into its answer. */
import type { Redactor } from './redactor.ts';

/**
 * What identifies the error, without secrets, and without its causes: AWS answers a wrong signature with the headers of
 * the request, session token included.
 */
export function cleanError(error: unknown, { own }: Pick<Redactor, 'own'>): Error {
  if (!(error instanceof Error)) return new Error(own.redactText(String(error)));
  const copy = new Error(own.redactText(error.message));
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = own.redactText(error.stack);
  return copy;
}
