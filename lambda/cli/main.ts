/** The entry of the program in a terminal. */
import { dispatch } from './commands/dispatch.ts';
import { exitGraceMs, openProcessTerminal } from './process-terminal.ts';
import { packageProgram, repositoryProgram } from './program.ts';

// The package has this file bundled, as JavaScript.
const isRepository = import.meta.filename.endsWith('.ts');
const terminal = openProcessTerminal(isRepository ? repositoryProgram : packageProgram);
process.exitCode = await dispatch(process.argv.slice(2), terminal);
// The process ends by itself once nothing is open any more; whatever still is after this time was not worth waiting for.
setTimeout(() => {
  process.exit();
}, exitGraceMs).unref();
