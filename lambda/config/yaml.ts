import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { type ConfigPath, type Position, shownName } from './config-error.ts';

export interface YamlProblem {
  readonly message: string;
  readonly position: Position;
}

export interface YamlText {
  /** Undefined when the text cannot be read at all. */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  /** Where a setting stands: its value, or its name; the nearest thing around it when it does not. */
  readonly locate: (path: ConfigPath, part: 'key' | 'value') => Position;
}

/** Aliases may repeat a part of the file, not multiply it ("billion laughs"). */
const maxAliases = 100;

/** Reads one YAML 1.2 document with anchors and merge keys; every problem names its place and quotes no value. */
export function readYaml(text: string): YamlText {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    merge: true,
    // A pretty error quotes the line, which may hold a token.
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  const positionOf = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  const locate = (path: ConfigPath, part: 'key' | 'value'): Position => positionOf(offsetOf(document, path, part));
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    message: syntaxMessage(error, text),
    position: positionOf(error.pos[0]),
  }));
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const aliases = isReadable ? aliasProblems(document, positionOf) : [];
  const problems = [...syntax, ...aliases];
  if (!isReadable || aliases.length > 0) return { value: undefined, problems, locate };
  return { ...valueOf(document, problems, positionOf(0)), locate };
}

function valueOf(
  document: Document.Parsed,
  problems: readonly YamlProblem[],
  start: Position,
): Pick<YamlText, 'value' | 'problems'> {
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }) as unknown, problems };
  } catch {
    const message = `its aliases (*name) repeat too much; at most ${String(maxAliases)} repetitions are read`;
    return { value: undefined, problems: [...problems, { message, position: start }] };
  }
}

const syntaxMessages: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  MULTIPLE_DOCS: 'a second document begins here (---); the file must have one',
  BLOCK_AS_IMPLICIT_KEY:
    'this line has two "key: value" pairs, or the next one is indented too far; quote a text that contains ": "',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or this line is indented differently from its neighbours',
  BAD_INDENT: 'a closing bracket is missing, or this line is indented differently from its neighbours',
  MISSING_CHAR: 'a closing quote or bracket, or a comma is missing',
  BAD_SCALAR_START: 'a text that begins with this character must be put in quotes',
  BAD_DQ_ESCAPE: 'a text in double quotes has an unknown escape; write \\\\ for a backslash, or use single quotes',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported; remove it',
  NON_STRING_KEY: 'the name of a setting must be a text',
};

function syntaxMessage({ code, pos: [start] }: YAMLError, text: string): string {
  if (code !== 'DUPLICATE_KEY') return syntaxMessages[code] ?? `is not valid YAML (${code})`;
  const [, name = 'a setting'] = /^["']?([^"':\s]+)/.exec(text.slice(start)) ?? [];
  return `${shownName(name)} stands twice in one mapping; remove one`;
}

function aliasProblems(document: Document.Parsed, positionOf: (offset: number) => Position): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Alias(_, alias, above) {
      const target = alias.resolve(document);
      const position = positionOf(alias.range?.[0] ?? 0);
      if (target === undefined)
        problems.push({ message: `the alias *${shownName(alias.source)} has no anchor (&) above it`, position });
      else if (above.includes(target))
        problems.push({ message: `the alias *${shownName(alias.source)} contains itself`, position });
    },
  });
  return problems;
}

function offsetOf(document: Document.Parsed, path: ConfigPath, part: 'key' | 'value'): number {
  let node: Node | null | undefined = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, name] of path.entries()) {
    const found = childOf(isAlias(node) ? node.resolve(document) : node, name);
    if (found === undefined) return offset;
    const isLast = index === path.length - 1;
    offset = (isLast && part === 'key' ? startOf(found.key) : startOf(found.value)) ?? startOf(found.key) ?? offset;
    node = found.value;
  }
  return offset;
}

interface Child {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function childOf(node: Node | null | undefined, name: string | number): Child | undefined {
  if (isSeq(node) && typeof name === 'number') {
    const item: unknown = node.items[name];
    return isNode(item) ? { key: undefined, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  // The later one of two equal names is the one that counts.
  const pair = node.items.findLast(({ key }) => isScalar(key) && key.value === name);
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : undefined, value: isNode(pair.value) ? pair.value : undefined };
}

function startOf(node: Node | null | undefined): number | undefined {
  return node?.range?.[0];
}
