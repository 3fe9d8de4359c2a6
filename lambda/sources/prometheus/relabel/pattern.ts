/** Patterns of relabelling: RE2's syntax, matched against whole texts in time linear in the text. */
import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { estimateSteps } from './pattern-size.ts';

/** Steps of a compiled pattern: with the length of the text they bound the time of a match, and its memory. */
const maxSteps = 2000;

/** Label values are shorter by far; a longer text does not match and is left as it is. */
const maxMatchedLength = 4096;

/** Enough of the pattern to find the place. */
const maxQuoted = 40;

export interface Match {
  /** By number; 0 is the whole text. Undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface Pattern {
  /** Numbers of named groups. */
  readonly names: ReadonlyMap<string, number>;
  match(text: string): Match | undefined;
}

/** A pattern that RE2 does not have, or that is too large; `message` says what is wrong, and where. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** @throws PatternError */
export function compilePattern(source: string): Pattern {
  // First, because building a program of a hundred thousand steps takes seconds and hundreds of MiB.
  if (estimateSteps(source) > maxSteps) throw new PatternError(tooLarge);
  const compiled = compile(source);
  if (compiled.programSize() > maxSteps) throw new PatternError(tooLarge);
  return {
    names: new Map(Object.entries(compiled.namedGroups())),
    match: (text) => (text.length > maxMatchedLength ? undefined : matchWhole(compiled, text)),
  };
}

const tooLarge = `the pattern is too large: repetitions counted, it has more than ${String(maxSteps)} steps; lower the counts in braces, or use several rules`;

/** As Prometheus does: a dot is any character, the end of a line too. */
function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new PatternError(error instanceof RE2JSSyntaxException ? explain(error, source) : error.message);
  }
}

function explain(error: RE2JSSyntaxException, source: string): string {
  // The library writes its flag in front of the pattern, and a missing parenthesis is told with the whole of it.
  const part = (error.getPattern() ?? '').replace(/^\(\?s\)/, '');
  if (part === '' || part === source) return error.getDescription();
  const quoted = part.length > maxQuoted ? `${part.slice(0, maxQuoted)}…` : part;
  const first = source.indexOf(part);
  const isOnce = first !== -1 && first === source.lastIndexOf(part);
  return `${error.getDescription()}: "${quoted}"${isOnce ? ` at character ${String(first + 1)}` : ''}${remedy(part)}`;
}

/** What other engines have, and RE2 cannot have in linear time. */
function remedy(part: string): string {
  if (/^\(\?<?[=!]/.test(part)) return '; RE2 has no look-around';
  return /^\\[1-9]/.test(part) ? '; RE2 has no back-references' : '';
}

function matchWhole(compiled: RE2JS, text: string): Match | undefined {
  // Without groups a match is found several times faster, and most texts do not match.
  if (compiled.groupCount() === 0) return compiled.testExact(text) ? { groups: [text] } : undefined;
  const matcher = compiled.matcher(text);
  if (!matcher.matches()) return undefined;
  const numbers = Array.from({ length: compiled.groupCount() + 1 }, (_, index) => index);
  return { groups: numbers.map((index) => matcher.group(index) ?? undefined) };
}
