import * as z from 'zod';
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfigPath } from '../config-error.ts';
import { bare, isRecord, optionFor, optionsOf, schemaBelow } from '../walk-schema.ts';

export interface PlacedSecretRef {
  readonly path: ConfigPath;
  readonly ref: SecretRef;
}

/**
 * Every secret reference of a value with its place. The schema leads, not the shape of the data: a label set
 * `{ env: production }` looks like a reference and is none.
 */
export function secretRefsIn(schema: unknown, value: unknown, path: ConfigPath = []): readonly PlacedSecretRef[] {
  const outer = bare(schema);
  if (mayBeSecret(outer)) {
    const ref = SecretRef.safeParse(value);
    if (ref.success) return [{ path, ref: ref.data }];
  }
  if (outer instanceof z.ZodUnion) {
    const option = optionFor(outer, value);
    return option === undefined || option === outer ? [] : secretRefsIn(option, value, path);
  }
  const below = (part: string | number, item: unknown): readonly PlacedSecretRef[] =>
    secretRefsIn(schemaBelow(outer, value, part), item, [...path, part]);
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => below(index, item));
  return isRecord(value) ? Object.entries(value).flatMap(([name, item]) => below(name, item)) : [];
}

function mayBeSecret(schema: unknown): boolean {
  const options = optionsOf(schema);
  return optionsOf(SecretRef).every((option) => options.includes(option));
}
