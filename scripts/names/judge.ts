/** Says whether a function's name begins with a verb, asks a question, or is a participle. */
import { participles, predicates, verbs } from './verbs.ts';

/** `readPage` begins with "read", `HTTPPort` with "http". */
function readFirstWord(name: string): string {
  return (/^(?:[a-z0-9]+|[A-Z]+(?![a-z])|[A-Z][a-z0-9]*)/.exec(name)?.[0] ?? name).toLowerCase();
}

export function isVerbFirst(name: string): boolean {
  const first = readFirstWord(name);
  return verbs.has(first) || predicates.has(first);
}

/** `told`, `joined`: a state's name on something that acts. In `requiredKeys` the participle only describes a thing. */
export function isParticiple(name: string): boolean {
  const first = readFirstWord(name);
  if (first !== name || verbs.has(name)) return false;
  return participles.has(name) || /[^e]ed$/.test(name);
}
