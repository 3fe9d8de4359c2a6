/** Reads the text of a configuration file as YAML, and knows where in it each setting stands. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { type ConfigPath, type Position, maskName } from '../config-error.ts';
import { indexTree, startOf, tooDeep, type Tree } from './index-tree.ts';
import { UnreadableTreeError, buildValue } from './build-value.ts';

export interface YamlProblem {
  readonly message: string;
  readonly position: Position;
}

export interface YamlText {
  /** Undefined when the text cannot be read at all. */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  /** Where a setting stands: its value, or its name; the nearest thing around it when it does not. */
  readonly locate: (path: ConfigPath, about: 'key' | 'value') => Position;
}

/** Reads one YAML 1.2 document with anchors and merge keys; every problem names its place and quotes no value. */
export function parseYaml(text: string): YamlText {
  const counter = new LineCounter();
  const locateOffset = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  const document = tryParseDocument(text, counter);
  if (document === undefined)
    return { value: undefined, problems: [{ message: tooDeep, position: start }], locate: () => start };
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    message: syntaxMessages[error.code] ?? `is not valid YAML (${error.code})`,
    position: locateOffset(error.pos[0]),
  }));
  if (document.errors.length > 0) return { value: undefined, problems: syntax, locate: () => start };
  const tree = indexTree(document.contents, maskName);
  const found = tree.problems.map(({ message, offset }) => ({ message, position: locateOffset(offset) }));
  const problems = [...syntax, ...found];
  const locate = (path: ConfigPath, about: 'key' | 'value'): Position =>
    locateOffset(findOffset({ root: document.contents, tree }, path, about));
  if (!tree.isReadable) return { value: undefined, problems, locate };
  return { ...tryBuildValue(document, tree, problems), locate };
}

const start: Position = { line: 1, column: 1 };

/** Undefined when it exhausts the stack of the parser, which keeps no count of its own. */
function tryParseDocument(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      lineCounter,
      // A pretty error quotes the line, which may hold a token.
      prettyErrors: false,
      stringKeys: true,
      logLevel: 'error',
      // Compares each name with each; the tree finds equal names in one pass.
      uniqueKeys: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function tryBuildValue(
  document: Document.Parsed,
  tree: Tree,
  problems: readonly YamlProblem[],
): Pick<YamlText, 'value' | 'problems'> {
  try {
    return { value: document.contents === null ? null : buildValue(document.contents, tree), problems };
  } catch (error) {
    if (!(error instanceof UnreadableTreeError)) throw error;
    return { value: undefined, problems: [...problems, { message: error.message, position: start }] };
  }
}

const syntaxMessages: Readonly<Partial<Record<YAMLError['code'], string>>> = {
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
  KEY_OVER_1024_CHARS: 'the name of a setting is longer than 1,024 characters',
  RESOURCE_EXHAUSTION: tooDeep,
};

interface LocatedTree {
  readonly root: Node | null;
  readonly tree: Tree;
}

function findOffset({ root, tree }: LocatedTree, path: ConfigPath, about: 'key' | 'value'): number {
  let node: Node | null | undefined = root;
  let offset = root === null ? 0 : startOf(root);
  for (const [index, name] of path.entries()) {
    const found = findChild(isAlias(node) ? tree.targetOf(node) : node, name, tree);
    if (found === undefined) return offset;
    const { key, value } = found;
    const isLast = index === path.length - 1;
    const target: Node | undefined = isLast && about === 'key' ? (key ?? value) : (value ?? key);
    offset = target === undefined ? offset : startOf(target);
    node = value;
  }
  return offset;
}

interface Child {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

function findChild(node: Node | null | undefined, name: string | number, tree: Tree): Child | undefined {
  if (isSeq(node) && typeof name === 'number') {
    const item: unknown = node.items[name];
    return isNode(item) ? { key: undefined, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = tree.pairOf(node, String(name));
  if (pair === undefined) return undefined;
  return { key: isNode(pair.key) ? pair.key : undefined, value: isNode(pair.value) ? pair.value : undefined };
}
