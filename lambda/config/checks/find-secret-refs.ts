/** Finds every reference to a secret in a configuration, with its place. */
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfigPath } from '../config-error.ts';
import { expandOptions, walkSettings } from '../walk-schema.ts';

export interface LocatedSecretRef {
  readonly path: ConfigPath;
  readonly ref: SecretRef;
}

/**
 * Every secret reference of a value with its place. The schema leads, not the shape of the data: a label set
 * `{ env: production }` looks like a reference and is none.
 */
export function findSecretRefs(schema: unknown, value: unknown): readonly LocatedSecretRef[] {
  return [...walkSettings(schema, value)].flatMap((setting) => {
    const ref = mayBeSecret(setting.schema) ? SecretRef.safeParse(setting.value).data : undefined;
    return ref === undefined ? [] : [{ path: setting.path, ref }];
  });
}

function mayBeSecret(schema: unknown): boolean {
  const options = expandOptions(schema);
  return expandOptions(SecretRef).every((option) => options.includes(option));
}
