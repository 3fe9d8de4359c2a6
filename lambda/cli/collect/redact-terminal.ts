/** Takes secrets out of everything that a command writes. */
import type { Redactor } from '../../secrets/redaction/redactor.ts';
import type { Output, Terminal } from '../terminal.ts';

/** The same terminal, which takes secrets out of what it writes, such as one that a server repeats in an error. */
export function redactTerminal(terminal: Terminal, redactor: Redactor): Terminal {
  const guardOutput = (output: Output): Output => ({
    write: (text) => {
      output.write(redactor.own.redactText(text));
    },
    isTty: output.isTty,
    size: () => output.size(),
  });
  return { ...terminal, stdout: guardOutput(terminal.stdout), stderr: guardOutput(terminal.stderr) };
}
