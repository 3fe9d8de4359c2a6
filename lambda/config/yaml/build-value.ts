/** Writes a YAML tree out as plain data: aliases and merge keys are replaced by what they repeat, within bounds. */
import { type Alias, isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import { append } from '../../model/lists/append.ts';
import { maxDepth, tooDeep, type Tree } from './index-tree.ts';

/** Aliases may repeat a part of the file, not multiply it ("billion laughs"). */
const maxRepetitions = 100;

/** A hundred sources with every setting written out are a tenth of it; more would only be time and memory. */
const maxValues = 100_000;

/** Why a tree has no value; the message is for the operator. */
export class UnreadableTreeError extends Error {
  override readonly name = 'UnreadableTreeError';
}

interface Writing {
  readonly tree: Tree;
  readonly repetitions: Map<unknown, number>;
  values: number;
}

/** @throws UnreadableTreeError */
export function buildValue(root: unknown, tree: Tree): unknown {
  return convertNode(root, { tree, repetitions: new Map(), values: 0 }, 0);
}

function convertNode(node: unknown, writing: Writing, depth: number): unknown {
  countValue(writing);
  // Aliases within aliases lie deeper than the file does.
  if (depth > maxDepth) throw new UnreadableTreeError(tooDeep);
  if (isAlias(node)) return convertNode(resolveAlias(node, writing), writing, depth);
  if (isSeq(node)) return node.items.map((item) => convertNode(item, writing, depth + 1));
  if (isMap(node)) return convertMapping(node, writing, depth);
  return isScalar(node) ? node.value : null;
}

function countValue(writing: Writing): void {
  writing.values += 1;
  if (writing.values > maxValues)
    throw new UnreadableTreeError(
      `has more than ${String(maxValues)} values; it is not a configuration of the collector`,
    );
}

function resolveAlias(alias: Alias, { tree, repetitions }: Writing): unknown {
  const target = tree.targetOf(alias);
  const count = (repetitions.get(target) ?? 0) + 1;
  repetitions.set(target, count);
  if (count <= maxRepetitions) return target;
  throw new UnreadableTreeError(
    `its aliases (*name) repeat too much; at most ${String(maxRepetitions)} repetitions are read`,
  );
}

/** What is written in the mapping itself counts before what is merged into it, and of that the first. */
function convertMapping(map: YAMLMap, writing: Writing, depth: number): unknown {
  const own: (readonly [string, unknown])[] = [];
  const merged: (readonly [string, unknown])[] = [];
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? key.value : undefined;
    if (typeof name !== 'string') continue;
    const written = convertNode(value, writing, depth + 1);
    if (isMergeKey(key)) append(merged, collectMergedEntries(written));
    else own.push([name, written]);
  }
  // Of equal names the last one counts. Unlike an assignment, this makes `__proto__` a name as any other.
  return Object.fromEntries([...merged.reverse(), ...own]);
}

/** `<<` in quotes is a name. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === undefined || key.type === 'PLAIN');
}

/** One mapping, or a list of them. */
function collectMergedEntries(written: unknown): readonly (readonly [string, unknown])[] {
  const parts: readonly unknown[] = Array.isArray(written) ? written : [written];
  return parts.flatMap((part) => {
    if (typeof part === 'object' && part !== null && !Array.isArray(part)) return Object.entries(part);
    throw new UnreadableTreeError('<< merges mappings only: <<: *name, or a list of them');
  });
}
