/** Reads the tree of a YAML document once, in time that grows with its size alone: what is wrong in it, and where. */
import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  type Alias,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** A finding about one place of the file. */
export interface TreeProblem {
  readonly message: string;
  /** Where it stands, in characters from the beginning of the file. */
  readonly offset: number;
}

export interface Tree {
  readonly problems: readonly TreeProblem[];
  /** False when an alias or the nesting leaves no value to read; a name that stands twice does not. */
  readonly isReadable: boolean;
  /** The node that an alias repeats. */
  readonly targetOf: (alias: Alias) => Node | undefined;
  /** The pair of a name in a mapping; the later one of two equal names is the one that counts. */
  readonly pairOf: (map: YAMLMap, name: string) => Pair | undefined;
}

/** No setting of the schema lies deeper than a dozen levels; a tree of ten thousand would exhaust the stack. */
export const maxDepth = 64;

export const tooDeep = `is nested more than ${String(maxDepth)} levels deep; no setting lies so deep`;

interface Reading {
  readonly problems: TreeProblem[];
  isReadable: boolean;
  /** The last node with each anchor so far: an alias means the one above it. */
  readonly anchors: Map<string, Node>;
  readonly targets: Map<Alias, Node>;
  readonly pairs: Map<YAMLMap, ReadonlyMap<string, Pair>>;
  /** Collections around the node that is being read. */
  readonly around: Set<Node>;
  readonly maskName: (name: string) => string;
}

/** `shown` makes a name fit for a message. */
export function indexTree(root: Node | null, maskName: (name: string) => string): Tree {
  const reading: Reading = {
    problems: [],
    isReadable: true,
    anchors: new Map(),
    targets: new Map(),
    pairs: new Map(),
    around: new Set(),
    maskName,
  };
  indexNode(root, reading);
  const { problems, isReadable, targets, pairs } = reading;
  return {
    problems,
    isReadable,
    targetOf: (alias) => targets.get(alias),
    pairOf: (map, name) => pairs.get(map)?.get(name),
  };
}

function indexNode(node: unknown, reading: Reading): void {
  if (isAlias(node)) {
    indexAlias(node, reading);
    return;
  }
  if (!isNode(node)) return;
  if ('anchor' in node && typeof node.anchor === 'string') reading.anchors.set(node.anchor, node);
  if (isCollection(node)) indexItems(node, reading);
}

function indexItems(node: YAMLMap | YAMLSeq, reading: Reading): void {
  if (reading.around.size >= maxDepth) {
    noteUnreadable(reading, tooDeep, node);
    return;
  }
  reading.around.add(node);
  if (isMap(node)) indexPairs(node, reading);
  for (const item of node.items) {
    for (const part of isPair(item) ? [item.key, item.value] : [item]) indexNode(part, reading);
  }
  reading.around.delete(node);
}

function indexAlias(alias: Alias, reading: Reading): void {
  const target = reading.anchors.get(alias.source);
  const name = reading.maskName(alias.source);
  if (target === undefined) noteUnreadable(reading, `the alias *${name} has no anchor (&) above it`, alias);
  else if (reading.around.has(target)) noteUnreadable(reading, `the alias *${name} contains itself`, alias);
  else reading.targets.set(alias, target);
}

function noteUnreadable(reading: Reading, message: string, node: Node): void {
  reading.isReadable = false;
  reading.problems.push({ message, offset: startOf(node) });
}

function indexPairs(map: YAMLMap, { pairs, problems, maskName }: Reading): void {
  const byName = new Map<string, Pair>();
  for (const pair of map.items) {
    const { key } = pair;
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    if (byName.has(key.value)) problems.push({ message: describeRepeated(key.value, maskName), offset: startOf(key) });
    byName.set(key.value, pair);
  }
  pairs.set(map, byName);
}

function describeRepeated(name: string, maskName: (name: string) => string): string {
  if (name === '<<') return '<< stands twice in one mapping; merge several by a list: <<: [*first, *second]';
  return `${maskName(name)} stands twice in one mapping; remove one`;
}

export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
