import * as z from 'zod';
import { bare } from '../walk-schema.ts';

/** The setting's own description tells what to write. */
export function meaningOf(schema: unknown): string {
  const described = [schema, bare(schema)].find((known) => known instanceof z.ZodType && known.meta()?.description);
  const text = described instanceof z.ZodType ? described.meta()?.description : undefined;
  return text === undefined ? '' : `: ${text.replace(/\.$/, '')}`;
}

export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'a text' : 'true or false';
}
