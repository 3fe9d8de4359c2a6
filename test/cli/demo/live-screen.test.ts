/** Tests of the screen that the demo redraws in place, and of how it leaves the terminal. */
import { describe, expect, it } from 'vitest';
import { openLiveScreen } from '../../../lambda/cli/demo/live-screen.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

describe('the live screen', () => {
  it('draws each frame in one synchronised update, from the top, clearing what was longer', () => {
    const terminal = fakeTerminal({ isTty: true });

    const screen = openLiveScreen(terminal);
    screen.draw(['one', 'two']);

    expect(terminal.out()).toBe(`${enter}\x1b[?2026h\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J\x1b[?2026l`);
    screen[Symbol.dispose]();
  });

  it('keeps a frame within the window and marks that it goes on', () => {
    const terminal = fakeTerminal({ isTty: true, size: { columns: 80, rows: 3 } });

    using screen = openLiveScreen(terminal);
    screen.draw(['one', 'two', 'three', 'four']);

    expect(terminal.out()).toContain('\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\n…\x1b[K\x1b[J');
  });

  it('leaves the terminal as it was when it is disposed, once', () => {
    const terminal = fakeTerminal({ isTty: true });

    const screen = openLiveScreen(terminal);
    screen[Symbol.dispose]();
    screen[Symbol.dispose]();
    terminal.exit();
    screen.draw(['too late']);

    expect(terminal.out()).toBe(enter + leave);
  });

  it('leaves the terminal as it was when the process ends before it is disposed', () => {
    const terminal = fakeTerminal({ isTty: true });

    openLiveScreen(terminal);
    terminal.exit();

    expect(terminal.out()).toBe(enter + leave);
  });

  it('leaves the terminal as it was when the work under it throws', () => {
    const terminal = fakeTerminal({ isTty: true });
    const work = (): void => {
      using screen = openLiveScreen(terminal);
      screen.draw(['frame']);
      throw new Error('broken');
    };

    expect(work).toThrow('broken');
    expect(terminal.out().endsWith(leave)).toBe(true);
  });
});
