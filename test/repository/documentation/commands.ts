/** Splits the shell blocks of the documentation into commands and words. */
import type { Fence } from '../files.ts';

export interface DocumentedCommand {
  readonly place: string;
  readonly words: readonly string[];
  /** The words as one line, for tables and messages. */
  readonly line: string;
}

/** The commands of a shell block: lines that continue or stand in quotes are one, comments and empty lines none. */
export function commandsIn({ place, text }: Pick<Fence, 'place' | 'text'>): readonly DocumentedCommand[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/'[^']*'/g, (quoted) => quoted.replaceAll(/\n\s*/g, ' '))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ place, line, words: wordsOf(line) }));
}

/** Splits as a shell does, as far as the documentation needs it: spaces, and quotes of both kinds. */
export function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
