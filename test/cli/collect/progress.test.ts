/** Tests of the line on a terminal that says what a run is waiting for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { showProgress } from '../../../lambda/cli/collect/progress.ts';
import { fakeTerminal } from '../fake-terminal.ts';

/** Half a second a look: patience is over with the second one, however slow the machine is. */
function impatientClock(): () => number {
  let nowMs = 0;
  return () => (nowMs += 500);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

describe('progress', () => {
  it('names what is being waited for, and clears its line in the end', async () => {
    const terminal = fakeTerminal({ isTty: true, clock: impatientClock() });

    const progress = showProgress(terminal);
    progress.noteStart('buildkite/main');
    progress.noteStart('buildkite/slow');
    progress.noteEnd('buildkite/main');
    await until(() => terminal.err().includes('('));
    progress[Symbol.dispose]();

    expect(terminal.err().startsWith('\r\x1b[K| waiting for buildkite/slow (500 ms)')).toBe(true);
    expect(terminal.err()).not.toContain('buildkite/main');
    expect(terminal.err().endsWith('\r\x1b[K')).toBe(true);
    expect(terminal.out()).toBe('');
  });

  it('keeps to one line', async () => {
    const terminal = fakeTerminal({ isTty: true, size: { columns: 20, rows: 5 }, clock: impatientClock() });

    using progress = showProgress(terminal);
    progress.noteStart('buildkite/a-very-long-name-of-a-source');
    await until(() => terminal.err().includes('…'));

    const [first = ''] = terminal.err().split('\r\x1b[K').slice(1);
    expect(first).toBe('| waiting for buil…');
  });

  it('says nothing without a terminal', async () => {
    const terminal = fakeTerminal({ isTty: false, clock: impatientClock() });

    const progress = showProgress(terminal);
    progress.noteStart('buildkite/main');
    await sleep(250);
    progress[Symbol.dispose]();

    expect(terminal.err()).toBe('');
  });
});
