/** The secrets of a process: read by reference, cached, made known to the redactor, read anew when refused. */
import { createCachedReader, type CachedReaderOptions } from './cached-reader.ts';
import { explainProblem } from './explain-problem.ts';
import { type Redactor, type Weakness, findWeakness } from './redaction/redactor.ts';
import { wrapSecret, type Secret } from './secret.ts';
import { describeSecretRef, type SecretRef } from './secret-ref.ts';
import type { ReadOutcome } from './stores/secret-store.ts';
import { SecretUnavailableError, type Secrets } from './secrets.ts';
import { formatKey, type Address } from './text-cache.ts';
import { isJsonObject, extractValue } from './extract-value.ts';

export interface SecretsOptions extends CachedReaderOptions {
  /** Learns every value before it is handed out. */
  readonly redactor: Redactor;
  /** Told once of each reference whose value everybody could guess. */
  readonly onWeak?: (reference: string, weakness: Weakness) => void;
}

/** The cached secrets of a process, and what the pipeline does with them at the start of each run. */
export interface SecretCache {
  readonly secrets: Secrets;
  /** Reads all that are due in as few calls as possible; a secret that cannot be read fails where it is used. */
  prefetch(refs: readonly SecretRef[], signal: AbortSignal): Promise<void>;
  /** Forgets which references this run has read anew, and which it found unreadable. */
  startRun(): void;
}

interface Reread {
  readonly before: string | undefined;
  readonly outcome: Promise<ReadOutcome>;
}

export function createSecrets(options: SecretsOptions): SecretCache {
  const reader = createCachedReader(options);
  const rereadTexts = new Map<string, Reread>();
  const rereadRefs = new Set<string>();
  const learn = createLearner(options);

  function extractSecret(outcome: ReadOutcome, ref: SecretRef): Secret {
    const value = 'text' in outcome ? extractValue(outcome.text, ref) : outcome;
    if ('problem' in value) {
      const { cause, reason } = value.problem;
      throw new SecretUnavailableError(explainProblem(ref, value.problem), { reason, ...(cause && { cause }) });
    }
    learn(ref, value.text);
    return wrapSecret(value.text);
  }

  function rereadText(address: Address, signal: AbortSignal): Reread {
    const known = rereadTexts.get(formatKey(address));
    if (known !== undefined) return known;
    const reread = { before: reader.peek(address), outcome: reader.readAnew(address, signal) };
    rereadTexts.set(formatKey(address), reread);
    return reread;
  }

  return {
    secrets: {
      async read(ref, signal) {
        return extractSecret(await reader.read(deriveAddress(ref), signal), ref);
      },
      async reread(ref, signal) {
        const reference = describeSecretRef(ref);
        const isFirst = !rereadRefs.has(reference);
        rereadRefs.add(reference);
        const { before, outcome } = rereadText(deriveAddress(ref), signal);
        const fresh = await outcome;
        if (!isFirst && !hasChanged(before, fresh, ref)) return undefined;
        return extractSecret(fresh, ref);
      },
    },
    async prefetch(refs, signal) {
      await reader.readAhead(refs.map(deriveAddress), signal);
      // Before anything is read or published that may hold one: not only its owner can meet a secret.
      for (const ref of refs) {
        const text = reader.peek(deriveAddress(ref));
        const value = text === undefined ? undefined : extractValue(text, ref);
        if (value !== undefined && 'text' in value) learn(ref, value.text);
      }
    },
    startRun() {
      reader.startRun();
      rereadTexts.clear();
      rereadRefs.clear();
    },
  };
}

/** Makes each value known before it is handed out, and tells once of each reference whose value is odd. */
function createLearner({ redactor, log, onWeak }: SecretsOptions): (ref: SecretRef, text: string) => void {
  const warned = new Set<string>();
  const weak = new Set<string>();

  return (ref, text) => {
    redactor.remember(text);
    warnOfMissingKey(ref, text);
    warnOfWeakness(ref, text);
  };

  function warnOfWeakness(ref: SecretRef, text: string): void {
    const weakness = findWeakness(text);
    const reference = describeSecretRef(ref);
    if (weakness === undefined || weak.has(reference)) return;
    weak.add(reference);
    onWeak?.(reference, weakness);
  }

  function warnOfMissingKey(ref: SecretRef, text: string): void {
    const reference = describeSecretRef(ref);
    if (!('secret' in ref) || ref.key !== undefined || warned.has(reference) || !isJsonObject(text)) return;
    warned.add(reference);
    log.warn('a secret holds a JSON object, but the reference names no key; all of it is used as the value', {
      reference,
    });
  }
}

function hasChanged(before: string | undefined, fresh: ReadOutcome, ref: SecretRef): boolean {
  if (!('text' in fresh)) return false;
  const after = extractValue(fresh.text, ref);
  const earlier = before === undefined ? undefined : extractValue(before, ref);
  const earlierText = earlier !== undefined && 'text' in earlier ? earlier.text : undefined;
  return 'text' in after && after.text !== earlierText;
}

function deriveAddress(ref: SecretRef): Address {
  if ('secret' in ref) return { store: 'secret', id: ref.secret };
  if ('parameter' in ref) return { store: 'parameter', id: ref.parameter };
  if ('env' in ref) return { store: 'env', id: ref.env };
  return { store: 'file', id: ref.file };
}
