/** Finds every reference to a secret in a configuration, with its place. */
import * as z from 'zod';
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfigPath } from '../config-error.ts';
import { unwrapSchema, isRecord, chooseOption, expandOptions, findSchemaBelow } from '../walk-schema.ts';

export interface LocatedSecretRef {
  readonly path: ConfigPath;
  readonly ref: SecretRef;
}

/**
 * Every secret reference of a value with its place. The schema leads, not the shape of the data: a label set
 * `{ env: production }` looks like a reference and is none.
 */
export function findSecretRefs(schema: unknown, value: unknown, path: ConfigPath = []): readonly LocatedSecretRef[] {
  const outer = unwrapSchema(schema);
  if (mayBeSecret(outer)) {
    const ref = SecretRef.safeParse(value);
    if (ref.success) return [{ path, ref: ref.data }];
  }
  if (outer instanceof z.ZodUnion) {
    const option = chooseOption(outer, value);
    return option === undefined || option === outer ? [] : findSecretRefs(option, value, path);
  }
  const searchBelow = (part: string | number, item: unknown): readonly LocatedSecretRef[] =>
    findSecretRefs(findSchemaBelow(outer, value, part), item, [...path, part]);
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => searchBelow(index, item));
  return isRecord(value) ? Object.entries(value).flatMap(([name, item]) => searchBelow(name, item)) : [];
}

function mayBeSecret(schema: unknown): boolean {
  const options = expandOptions(schema);
  return expandOptions(SecretRef).every((option) => options.includes(option));
}
