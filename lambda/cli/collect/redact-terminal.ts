import type { Redactor } from '../../secrets/redaction/redactor.ts';
import type { Output, Terminal } from '../terminal.ts';

/** The last line of defence: a secret that a server echoed into an error does not reach the screen either. */
export function redacting(terminal: Terminal, redactor: Redactor): Terminal {
  const guarded = (output: Output): Output => ({
    write: (text) => {
      output.write(redactor.own.text(text));
    },
    isTty: output.isTty,
    size: () => output.size(),
  });
  return { ...terminal, stdout: guarded(terminal.stdout), stderr: guarded(terminal.stderr) };
}
