/** What is wrong with a configuration, and how the error says it. */

/** A setting's way from the top of the file, `['sources', 0, 'queues']`. */
export type ConfigPath = readonly (string | number)[];

/** Something that an operator has to change: what is wrong and, after it, what to do. */
export interface ConfigFinding {
  readonly path: ConfigPath;
  readonly message: string;
  /** `key`: the name of the setting itself is wrong, not its value. */
  readonly about?: 'key' | 'value';
}

/** 1-based, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A finding with its position in the file, where that is known. */
export interface ConfigProblem {
  /** `sources[0].queues`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly position?: Position | undefined;
}

/** A screen full; the others show after these are corrected. */
const maxShown = 20;

/** The configuration cannot be used. The message shows each problem with its place, and never a value of a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const shown = problems.slice(0, maxShown).map((problem) => `  ${formatLine(file, problem)}`);
    super([formatHeadline(file, problems.length), ...shown, ...formatRest(problems.length - shown.length)].join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

function formatHeadline(file: string, count: number): string {
  return count === 1 ? `${file} has 1 problem:` : `${file} has ${String(count)} problems:`;
}

function formatRest(count: number): readonly string[] {
  return count === 0 ? [] : [`  and ${String(count)} more; correct these first`];
}

/** `file:line:column` first: terminals and editors make it a link. */
function formatLine(file: string, { path, message, position }: ConfigProblem): string {
  const location = position === undefined ? file : `${file}:${String(position.line)}:${String(position.column)}`;
  return path === '' ? `${location} ${message}` : `${location} ${path}: ${message}`;
}

/** A token that was pasted as the name of a setting must not be printed; a setting's name is short and plain. */
const plainName = /^[\w.-]{1,32}$/;

/** The name of a setting as a message may show it; the position tells which one it is. */
export function maskName(name: string): string {
  return plainName.test(name) ? name : '(unusual name)';
}

/** `sources[0].queues` */
export function formatPath(path: ConfigPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${String(part)}]`;
      return index === 0 ? maskName(part) : `.${maskName(part)}`;
    })
    .join('');
}
