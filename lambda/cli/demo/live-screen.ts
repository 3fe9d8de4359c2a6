/** Draws on the alternate screen of a terminal, and gives the terminal back as it was. */
import type { Output, Terminal } from '../terminal.ts';
import { escapes } from '../render/escapes.ts';

/** A screen of its own that is redrawn in place and that leaves the terminal as it was. */
export interface LiveScreen extends Disposable {
  draw(lines: readonly string[]): void;
}

/** Switches to the alternate screen; `dispose` and the end of the process, whatever its cause, switch back. */
export function openLiveScreen({ stdout, onExit }: Pick<Terminal, 'stdout' | 'onExit'>): LiveScreen {
  stdout.write(escapes.alternateScreen.on + escapes.cursor.off + escapes.autoWrap.off);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    forgetExit();
    stdout.write(escapes.autoWrap.on + escapes.cursor.on + escapes.alternateScreen.off);
  };
  const forgetExit = onExit(close);
  return {
    draw: (lines) => {
      if (isOpen) stdout.write(buildFrame(lines, stdout));
    },
    [Symbol.dispose]: close,
  };
}

/** One write a frame, between the marks of a synchronised update: the terminal never shows half of it. */
function buildFrame(lines: readonly string[], stdout: Output): string {
  const { rows } = stdout.size();
  const visible = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), '…'];
  // Each line clears its own rest: clearing the screen first would flicker where updates are not synchronised.
  const body = visible.map((line) => line + escapes.clear.restOfLine).join('\r\n');
  return escapes.update.begin + escapes.home + body + escapes.clear.below + escapes.update.end;
}
