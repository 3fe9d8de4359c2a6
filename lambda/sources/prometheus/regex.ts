import { append } from '../../model/append.ts';
import { type Node, parsePattern, PatternError } from './regex-parse.ts';

/** Steps of a compiled pattern: with the length of the text they bound the time of a match. */
const maxInstructions = 1000;

/** Label values are shorter by far; a longer text does not match and is left as it is. */
const maxMatchedLength = 4096;

type Instruction =
  | { readonly op: 'char'; readonly test: (char: string) => boolean }
  | { readonly op: 'start' | 'end' | 'match' }
  | { readonly op: 'save'; readonly slot: number }
  | Split
  | Jump;

export interface Match {
  /** By number; 0 is the whole text. Undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
}

/** A pattern of RE2's syntax that matches whole texts, in time linear in the text: no pattern can hang a run. */
export interface Pattern {
  readonly names: ReadonlyMap<string, number>;
  match(text: string): Match | undefined;
}

/** @throws PatternError */
export function compilePattern(source: string): Pattern {
  const { node, groups, names } = parsePattern(source);
  const instructions: Instruction[] = [];
  emit(node, { instructions, parts: 0 });
  instructions.push({ op: 'match' });
  return {
    names,
    match: (text) => (text.length > maxMatchedLength ? undefined : run(instructions, Array.from(text), groups)),
  };
}

/** Parts of a pattern that are compiled, each repetition counted. */
const maxParts = 5000;

interface Program {
  readonly instructions: Instruction[];
  parts: number;
}

function emit(node: Node, program: Program): void {
  // Repetitions of nothing add no instruction, but take their time all the same.
  program.parts += 1;
  if (program.parts > maxParts || program.instructions.length > maxInstructions)
    throw new PatternError('the pattern is too large');
  if (node.kind === 'sequence') for (const part of node.nodes) emit(part, program);
  else if (node.kind === 'choice') emitChoice(node.nodes, program);
  else if (node.kind === 'repeat') emitRepeat(node, program);
  else if (node.kind === 'group') emitGroup(node.index, node.node, program);
  else if (node.kind === 'char') program.instructions.push({ op: 'char', test: node.test });
  else if (node.kind !== 'empty') program.instructions.push({ op: node.kind });
}

function emitGroup(index: number, node: Node, program: Program): void {
  program.instructions.push({ op: 'save', slot: index * 2 });
  emit(node, program);
  program.instructions.push({ op: 'save', slot: index * 2 + 1 });
}

function emitChoice(nodes: readonly Node[], program: Program): void {
  const { instructions } = program;
  const jumps: Jump[] = [];
  for (const part of nodes.slice(0, -1)) {
    const split = emitSplit(instructions);
    split.first = instructions.length;
    emit(part, program);
    const jump: Jump = { op: 'jump', to: 0 };
    instructions.push(jump);
    jumps.push(jump);
    split.second = instructions.length;
  }
  for (const part of nodes.slice(-1)) emit(part, program);
  for (const jump of jumps) jump.to = instructions.length;
}

function emitRepeat({ node, min, max, isLazy }: Extract<Node, { kind: 'repeat' }>, program: Program): void {
  const { instructions } = program;
  for (let count = 0; count < min; count += 1) emit(node, program);
  if (max === Infinity) {
    const at = instructions.length;
    const split = emitSplit(instructions);
    emit(node, program);
    instructions.push({ op: 'jump', to: at });
    aim(split, at + 1, instructions.length, isLazy);
    return;
  }
  const splits: { readonly at: number; readonly split: Split }[] = [];
  for (let count = min; count < max; count += 1) {
    splits.push({ at: instructions.length, split: emitSplit(instructions) });
    emit(node, program);
  }
  for (const { at, split } of splits) aim(split, at + 1, instructions.length, isLazy);
}

interface Jump {
  op: 'jump';
  to: number;
}

/** Tries the first before the second. */
interface Split {
  op: 'split';
  first: number;
  second: number;
}

function emitSplit(instructions: Instruction[]): Split {
  const split: Split = { op: 'split', first: 0, second: 0 };
  instructions.push(split);
  return split;
}

function aim(split: Split, into: number, past: number, isLazy: boolean): void {
  split.first = isLazy ? past : into;
  split.second = isLazy ? into : past;
}

type Saved = readonly (number | undefined)[];

interface Thread {
  readonly at: number;
  readonly saved: Saved;
}

/** All alternatives at once, best first (Pike's machine): each instruction is visited once for each character. */
function run(program: readonly Instruction[], chars: readonly string[], groups: number): Match | undefined {
  let threads: readonly Thread[] = follow(program, [{ at: 0, saved: [] }], 0, chars.length);
  for (const [position, char] of chars.entries()) {
    const next: Thread[] = [];
    for (const { at, saved } of threads) {
      const instruction = program[at];
      if (instruction?.op === 'char' && instruction.test(char)) next.push({ at: at + 1, saved });
    }
    if (next.length === 0) return undefined;
    threads = follow(program, next, position + 1, chars.length);
  }
  // Anchored at both ends: only a thread that has used the whole text counts, and the best of them stands first.
  const found = threads.find(({ at }) => program[at]?.op === 'match');
  if (found === undefined) return undefined;
  const numbers = Array.from({ length: groups }, (_, index) => index + 1);
  return { groups: [chars.join(''), ...numbers.map((index) => groupText(found.saved, index, chars))] };
}

function groupText(saved: Saved, index: number, chars: readonly string[]): string | undefined {
  const [from, to] = [saved[index * 2], saved[index * 2 + 1]];
  return from === undefined || to === undefined ? undefined : chars.slice(from, to).join('');
}

/** The instructions that read a character, or end, which the threads reach without reading one. */
function follow(
  program: readonly Instruction[],
  from: readonly Thread[],
  position: number,
  length: number,
): readonly Thread[] {
  const reached: Thread[] = [];
  const seen = new Set<number>();
  const stack = from.toReversed();
  for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
    const { at, saved } = thread;
    const instruction = program[at];
    if (instruction === undefined || seen.has(at)) continue;
    seen.add(at);
    if (instruction.op === 'char' || instruction.op === 'match') reached.push(thread);
    else append(stack, stepsFrom(instruction, at, saved, { position, length }));
  }
  return reached;
}

/** The threads that an instruction becomes, worst first, as a stack takes them. */
function stepsFrom(
  instruction: Exclude<Instruction, { op: 'char' }>,
  at: number,
  saved: Saved,
  { position, length }: { readonly position: number; readonly length: number },
): readonly Thread[] {
  switch (instruction.op) {
    case 'jump':
      return [{ at: instruction.to, saved }];
    case 'split':
      return [
        { at: instruction.second, saved },
        { at: instruction.first, saved },
      ];
    case 'save': {
      const copy = [...saved];
      copy[instruction.slot] = position;
      return [{ at: at + 1, saved: copy }];
    }
    case 'match':
      return [];
    case 'start':
      return position === 0 ? [{ at: at + 1, saved }] : [];
    case 'end':
      return position === length ? [{ at: at + 1, saved }] : [];
  }
}
