/** Refuses credentials that stand as plain text anywhere in a configuration. */
import { looksLikeCredential, plainSecretMessage } from '../secrets/plain-secret.ts';
import type { ConfigFinding } from './config-error.ts';
import { isRecord } from './walk-schema.ts';

/** Every text is checked, names, labels and tags too: all of them can be read in the repository of the configuration. */
export function checkPlainSecrets(value: unknown, path: ConfigFinding['path'] = []): readonly ConfigFinding[] {
  if (typeof value === 'string') return looksLikeCredential(value) ? [{ path, message: plainSecretMessage }] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => checkPlainSecrets(item, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => checkPlainSecrets(item, [...path, key]));
}
