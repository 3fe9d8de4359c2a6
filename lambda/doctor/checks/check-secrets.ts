/** Reads each secret of the configuration, and looks whether it can be one. */
import * as z from 'zod';
import { describeHttpProblem } from '../../http/errors/problem.ts';
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import { tryParseJson } from '../../model/text/try-parse-json.ts';
import { isPlaceholder } from '../../secrets/placeholder.ts';
import { findWeakness, minSecretLength } from '../../secrets/redaction/redactor.ts';
import { describeSecretRef, type SecretRef } from '../../secrets/secret-ref.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import { isJsonObject } from '../../secrets/extract-value.ts';
import type { ConfiguredPart } from '../means.ts';

/** One finding for each reference, however many parts use it; no value is told, nor its length. */
export async function checkSecrets(
  parts: readonly ConfiguredPart[],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return await Promise.all(groupByReference(parts).map((used) => checkSecret(used, secrets, signal)));
}

function groupByReference(parts: readonly ConfiguredPart[]): readonly UsedSecret[] {
  const used = new Map<string, { readonly ref: SecretRef; readonly users: Set<string> }>();
  for (const { id, secrets } of parts) {
    for (const ref of secrets) {
      const reference = describeSecretRef(ref);
      const known = used.get(reference) ?? { ref, users: new Set() };
      used.set(reference, known);
      known.users.add(id);
    }
  }
  return [...used].map(([reference, { ref, users }]) => ({ reference, ref, users: [...users] }));
}

interface UsedSecret {
  readonly reference: string;
  readonly ref: SecretRef;
  /** Ids of the sources and sinks that use it. */
  readonly users: readonly string[];
}

async function checkSecret(used: UsedSecret, secrets: Secrets, signal: AbortSignal): Promise<Finding> {
  const { reference, ref } = used;
  try {
    return judgeSecret((await secrets.read(ref, signal)).reveal(), used);
  } catch (error) {
    const problem = describeHttpProblem(error, reference);
    if (problem === undefined) throw error;
    // The text of the problem begins with the reference, which stands beside it.
    const message = problem.message.replace(`${reference} `, '');
    return describeAsFinding({ ...problem, message }, 'secret');
  }
}

/** Files that are used as a whole: the key of a service account of Google, and a kubeconfig that is written as JSON. */
const WholeFile = z.union([
  z.object({ client_email: z.string(), private_key: z.string() }),
  z.object({ clusters: z.array(z.unknown()), contexts: z.array(z.unknown()) }),
]);

function isWholeFile(text: string): boolean {
  return WholeFile.safeParse(tryParseJson(text)).success;
}

function judgeSecret(text: string, { reference, ref, users }: UsedSecret): Finding {
  const place = { subject: 'secret', where: reference } as const;
  if (isPlaceholder(text))
    return {
      ...place,
      verdict: 'failed',
      message: 'holds a placeholder, such as documentation shows in the place of a value',
      remedy: 'put the real value there',
    };
  if ('secret' in ref && ref.key === undefined && isJsonObject(text) && !isWholeFile(text))
    return {
      ...place,
      verdict: 'warning',
      message: 'is a JSON object, and the reference names no key, so that all of it is the value',
      remedy: 'name the key in the reference',
    };
  const weakness = findWeakness(text);
  if (weakness === undefined)
    return { ...place, verdict: 'ok', message: `is there and long enough, for ${users.join(', ')}` };
  return {
    ...place,
    verdict: 'warning',
    message: weakness === 'short' ? `has fewer than ${String(minSecretLength)} characters` : 'is an everyday word',
    remedy: 'put a longer one, which nobody guesses and which can be hidden in what is written',
  };
}
