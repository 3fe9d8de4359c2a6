/** Writes the text of `--help`, for the program and for each command. */
import { findGreatest } from '../../model/lists/extremes.ts';
import type { Paint } from '../render/colour.ts';
import type { Program } from '../program.ts';
import type { Command } from './command.ts';
import { commonOptions, type OptionSpec } from './options.ts';
import { joinParagraphs } from '../render/paragraphs.ts';
import { measureText } from '../render/text-width.ts';

const exitCodeLines = [
  ['0', 'ok'],
  ['1', 'failed: nothing could be collected, or nothing delivered'],
  ['2', 'bad configuration or command line'],
  ['3', 'degraded: some data is missing, the rest was delivered'],
  ['4', 'failed as with 1, and a credential was refused: trying again does not help'],
] as const;

/** How help looks, and how the program is called in it. */
export interface HelpStyle {
  readonly paint: Paint;
  readonly program: Program;
}

function joinWords({ needed }: Command): string {
  return needed === undefined ? '[options]' : `${needed} [options]`;
}

function renderExample(
  { name }: Command,
  { words, shows, loudness }: Command['examples'][number],
  { paint, program }: HelpStyle,
): readonly string[] {
  return [`  ${paint('faint', `# ${shows}`)}`, `  ${program.call(name, words, loudness)}`];
}

/** Help of one command, made from what it declares. */
export function renderCommandHelp(command: Command, { paint, program }: HelpStyle): string {
  const options = { ...command.options, ...commonOptions };
  return joinParagraphs([
    [command.description],
    [paint('heading', 'Usage'), `  ${program.call(command.name, joinWords(command), command.loudness)}`],
    [paint('heading', 'Options'), ...alignRows(Object.entries(options).map(renderOption))],
    command.notes.length === 0 ? [] : [paint('heading', 'Notes'), ...command.notes.map((note) => `  ${note}`)],
    [paint('heading', 'Exit codes'), ...alignRows(exitCodeLines)],
    [
      paint('heading', 'Examples'),
      ...command.examples.flatMap((example) => renderExample(command, example, { paint, program })),
    ],
  ]);
}

/** Help of the whole program. */
export function renderGeneralHelp(
  commands: readonly Command[],
  version: string,
  { paint, program }: HelpStyle,
): string {
  return joinParagraphs([
    [`ci-metrics-collector ${version}: CI queues, agents and runs as metrics, from a terminal.`],
    [paint('heading', 'Usage'), `  ${program.name} <command> [options]`],
    [
      paint('heading', 'Commands'),
      ...alignRows([
        ...commands.map(({ name, summary }): readonly [string, string] => [name, summary]),
        ['help [command]', 'What a command does and its options.'],
        ['version', 'Prints the version.'],
      ]),
    ],
    [paint('heading', 'Exit codes'), ...alignRows(exitCodeLines)],
    [
      paint('heading', 'Examples'),
      ...commands.flatMap((command) =>
        command.examples.slice(0, 1).flatMap((example) => renderExample(command, example, { paint, program })),
      ),
    ],
  ]);
}

function renderOption([name, { value, short, help }]: readonly [string, OptionSpec]): readonly [string, string] {
  const call = `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`;
  return [call, help];
}

function alignRows(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = findGreatest(rows.map(([left]) => measureText(left))) ?? 0;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
