/** Writes the completion scripts of the shells, from what the commands declare. */
import type { Command } from '../commands/command.ts';
import { commonOptions, type OptionSpec } from '../commands/options.ts';

const program = 'ci-metrics-collector';

/** Values of an option that are places on this machine. */
const places: ReadonlySet<string> = new Set(['FILE', 'FOLDER']);

function listOptions({ options }: Command): readonly (readonly [string, OptionSpec])[] {
  return Object.entries({ ...options, ...commonOptions });
}

/** Shells complete a word; what stands in the place of a value is completed as a file where it is one. */
export function writeBash(commands: readonly Command[]): string {
  const withPlaces = new Set(
    commands.flatMap((command) =>
      listOptions(command).flatMap(([name, { value, short }]) =>
        value !== undefined && places.has(value) ? [`--${name}`, ...(short === undefined ? [] : [`-${short}`])] : [],
      ),
    ),
  );
  const cases = commands.map((command) => {
    const words = command.positional === 'SHELL' ? 'bash zsh fish ' : '';
    const options = listOptions(command).map(([name]) => `--${name}`);
    return `    ${command.name}) words='${words}${options.join(' ')}' ;;`;
  });
  return `# Completion of ${program} for bash.
_ci_metrics_collector() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=''
  COMPREPLY=()
  case "$previous" in
    ${[...withPlaces].sort().join('|')}) compopt -o default; return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words='${[...commands.map(({ name }) => name), 'help', 'version'].join(' ')} --help --version'; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _ci_metrics_collector ${program}
`;
}

export function writeZsh(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const options = listOptions(command).map(([name, spec]) => `        ${quote(describeZshOption(name, spec))}`);
    const shells = command.positional === 'SHELL' ? [`        '1:shell:(bash zsh fish)'`] : [];
    return `      ${command.name})\n        _arguments \\\n${[...options, ...shells].join(' \\\n')} ;;`;
  });
  return `#compdef ${program}
# Completion of ${program} for zsh.
_ci_metrics_collector() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  _arguments -C '1:command:->command' '*::argument:->argument'
  case "$state" in
    command) _describe 'command' commands ;;
    argument)
      case "$words[1]" in
${cases.join('\n')}
      esac ;;
  esac
}
_ci_metrics_collector "$@"
`;
}

function describeZshOption(name: string, { value, help }: OptionSpec): string {
  const text = help.replaceAll(/[[\]:]/g, ' ');
  if (value === undefined) return `--${name}[${text}]`;
  return `--${name}=[${text}]:${value.toLowerCase()}:${places.has(value) ? '_files' : ' '}`;
}

export function writeFish(commands: readonly Command[]): string {
  const first = commands.map(
    ({ name, summary }) => `complete -c ${program} -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
  );
  const later = commands.flatMap((command) => [
    ...(command.positional === 'SHELL'
      ? [`complete -c ${program} -n '__fish_seen_subcommand_from ${command.name}' -f -a 'bash zsh fish'`]
      : []),
    ...listOptions(command).map(([name, { value, short, help }]) =>
      [
        `complete -c ${program} -n '__fish_seen_subcommand_from ${command.name}' -l ${name}`,
        ...(short === undefined ? [] : [`-s ${short}`]),
        ...(value === undefined ? [] : [places.has(value) ? '-r -F' : '-x']),
        `-d ${quote(help)}`,
      ].join(' '),
    ),
  ]);
  return [`# Completion of ${program} for fish.`, ...first, ...later, ''].join('\n');
}

/** A word of a shell: a quote within ends the text, stands by itself and begins the text again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
