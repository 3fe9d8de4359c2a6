/** Control sequences of xterm, which every terminal in use understands or ignores (xterm, "Control Sequences"). */

export const escapes = {
  alternateScreen: { on: '\x1b[?1049h', off: '\x1b[?1049l' },
  cursor: { on: '\x1b[?25h', off: '\x1b[?25l' },
  /** Off: a line that is too long is cut at the edge and does not push the others down. */
  autoWrap: { on: '\x1b[?7h', off: '\x1b[?7l' },
  update: { begin: '\x1b[?2026h', end: '\x1b[?2026l' },
  home: '\x1b[H',
  clear: { restOfLine: '\x1b[K', below: '\x1b[J', line: '\r\x1b[K' },
} as const;
