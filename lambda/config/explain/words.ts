/** The words of explanations: what a setting means, and what kind of value stands there. */
import * as z from 'zod';
import { unwrapSchema } from '../walk-schema.ts';

/** The setting's own description tells what to write. */
export function describeMeaning(schema: unknown): string {
  const described = [schema, unwrapSchema(schema)].find(
    (known) => known instanceof z.ZodType && known.meta()?.description,
  );
  const text = described instanceof z.ZodType ? described.meta()?.description : undefined;
  return text === undefined ? '' : `: ${text.replace(/\.$/, '')}`;
}

export function describeKind(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'a text' : 'true or false';
}
