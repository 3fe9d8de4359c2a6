/** How the program is called: by npm in the repository, by its own name where the package is installed. */

/** The words that call a command, for help and for what to do next. */
export interface Program {
  /** The program itself, before the name of a command. */
  readonly name: string;
  /** A call of a command. `silent`: without npm's own lines, for output that goes to a file. */
  readonly call: (command: string, words: string, loudness?: 'silent') => string;
}

export const packageProgram: Program = {
  name: 'ci-metrics-collector',
  call: (command, words) => join('ci-metrics-collector', command, words),
};

/** npm takes options for itself unless they stand behind two dashes. */
export const repositoryProgram: Program = {
  name: 'node lambda/cli/main.ts',
  call: (command, words, loudness) => {
    const script = findScript(command);
    if (script === undefined) return join('node lambda/cli/main.ts', command, words);
    const run = script === 'start' ? 'npm start' : `npm run${loudness === 'silent' ? ' --silent' : ''} ${script}`;
    return words === '' ? run : `${run} -- ${words}`;
  },
};

/** Commands that package.json of the repository has a script for. */
function findScript(command: string): string | undefined {
  if (command === 'demo') return 'start';
  return ['collect', 'migrate', 'init', 'dashboards', 'doctor'].includes(command) ? command : undefined;
}

function join(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}
