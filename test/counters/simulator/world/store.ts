/** A state store in memory whose reads and writes can fail, or lose their answer. */
import {
  type Saved,
  StateStoreError,
  type StateStore,
  type StoredDocument,
} from '../../../../lambda/counters/stores/store.ts';
import type { Actor } from '../actors.ts';

/** Documents with versions, as every invocation finds them. */
export type Documents = Map<string, StoredDocument>;

/** Which operation of an invocation goes wrong: it does nothing, or it does its work and its answer is lost. */
export interface StoreFault {
  readonly operation: number;
  readonly kind: 'fails' | 'loses-answer';
}

export interface SimulatedStore {
  readonly actor: Actor;
  readonly documents: Documents;
  readonly fault: StoreFault | undefined;
  /** What a mutation does to a document on its way into the store. */
  readonly change: (id: string, body: string) => string;
  readonly comparesVersions: boolean;
  readonly onUnreadable: (id: string) => void;
  /** Told before the answer is on its way. */
  readonly onSave: (id: string, saved: Saved, body: string, before: string | undefined) => void;
  /** Told when the invocation knows how its save ended. */
  readonly onAnswer: (id: string, answer: Saved | 'unknown') => void;
}

/** The store of one invocation, with its faults. */
export function simulatedStore(input: SimulatedStore): StateStore {
  const { actor, documents, fault, change, comparesVersions } = input;
  let operations = 0;

  function faultNow(): StoreFault['kind'] | undefined {
    operations += 1;
    return fault?.operation === operations ? fault.kind : undefined;
  }

  return {
    load: async (id) => {
      await actor.step(`load ${id}`);
      if (faultNow() === undefined) return documents.get(id);
      input.onUnreadable(id);
      throw new StateStoreError('unavailable', `${id} cannot be read`);
    },
    save: async (id, { body, before }) => {
      await actor.step(`save ${id}`);
      const kind = faultNow();
      if (kind === 'fails') {
        input.onAnswer(id, 'overtaken');
        throw new StateStoreError('unavailable', `${id} cannot be saved`);
      }
      const stored = documents.get(id);
      const isFree = (stored?.version ?? 0) === before || !comparesVersions;
      const saved: Saved = isFree ? 'saved' : 'overtaken';
      if (isFree) documents.set(id, { version: (stored?.version ?? 0) + 1, body: change(id, body) });
      input.onSave(id, saved, body, stored?.body);
      await actor.step(`saved ${id}`);
      if (kind === 'loses-answer') {
        input.onAnswer(id, 'unknown');
        throw new StateStoreError('timeout', `nobody knows whether ${id} was saved`);
      }
      input.onAnswer(id, saved);
      return saved;
    },
  };
}
