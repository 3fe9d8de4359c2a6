/** Tests of the line on a terminal that says what a run is waiting for. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { showProgress } from '../../../lambda/cli/collect/progress.ts';
import { fakeTerminal } from '../fake-terminal.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('progress', () => {
  it('names what is being waited for, and clears its line in the end', () => {
    const terminal = fakeTerminal({ isTty: true, clock: Date.now });

    const progress = showProgress(terminal);
    progress.noteStart('buildkite/main');
    progress.noteStart('buildkite/slow');
    progress.noteEnd('buildkite/main');
    vi.advanceTimersByTime(500);
    progress[Symbol.dispose]();
    vi.advanceTimersByTime(1000);

    expect(terminal.err()).toBe(
      '\r\x1b[K| waiting for buildkite/slow (400 ms)\r\x1b[K/ waiting for buildkite/slow (500 ms)\r\x1b[K',
    );
    expect(terminal.out()).toBe('');
  });

  it('says nothing of a run that is fast', () => {
    const terminal = fakeTerminal({ isTty: true, clock: Date.now });

    const progress = showProgress(terminal);
    progress.noteStart('buildkite/main');
    vi.advanceTimersByTime(399);
    progress[Symbol.dispose]();

    expect(terminal.err()).toBe('');
  });

  it('keeps to one line', () => {
    const terminal = fakeTerminal({ isTty: true, size: { columns: 20, rows: 5 }, clock: Date.now });

    using progress = showProgress(terminal);
    progress.noteStart('buildkite/a-very-long-name-of-a-source');
    vi.advanceTimersByTime(400);

    expect(terminal.err()).toBe('\r\x1b[K| waiting for buil…');
  });

  it('says nothing without a terminal', () => {
    const terminal = fakeTerminal({ isTty: false, clock: Date.now });

    const progress = showProgress(terminal);
    progress.noteStart('buildkite/main');
    vi.advanceTimersByTime(10_000);
    progress[Symbol.dispose]();

    expect(terminal.err()).toBe('');
  });
});
