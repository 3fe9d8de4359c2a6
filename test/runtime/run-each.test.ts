/** Tests of running sources or sinks side by side, so that one that throws or hangs costs only itself. */
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { runEach, type Component } from '../../lambda/runtime/run-each.ts';
import { recordingLog } from '../support/recording-log.ts';

const parts: readonly Component[] = [{ id: 'buildkite/a' }, { id: 'buildkite/b' }];

describe('parts side by side', () => {
  it('all begin before one of them ends', async () => {
    const { log, deadline } = setup(1000);
    const begun: string[] = [];
    const gate = Promise.withResolvers<undefined>();

    const results = runEach(parts, deadline, Date.now, log, async ({ id }) => {
      begun.push(id);
      await gate.promise;
      return id;
    });

    expect(begun).toEqual(['buildkite/a', 'buildkite/b']);
    gate.resolve(undefined);
    expect(await results).toMatchObject([{ result: { value: 'buildkite/a' } }, { result: { value: 'buildkite/b' } }]);
  });

  it('lose only the result of the one that throws, which is a bug with its stack in the log', async () => {
    const { log, deadline } = setup(1000);
    const error = new TypeError('undefined is not a function');

    const results = await runEach(parts, deadline, Date.now, log, ({ id }) =>
      id === 'buildkite/a' ? Promise.reject(error) : Promise.resolve(id),
    );

    expect(results).toMatchObject([
      { result: { problem: { kind: 'bug', where: 'buildkite/a' } } },
      { result: { value: 'buildkite/b' } },
    ]);
    expect(log.lines).toEqual([
      { level: 'error', message: 'a part failed unexpectedly', fields: { part: 'buildkite/a', error } },
    ]);
  });

  it('lose only the result of the one that throws before it is a promise', async () => {
    const { log, deadline } = setup(1000);

    const results = await runEach(parts, deadline, Date.now, log, ({ id }): Promise<string> => {
      if (id === 'buildkite/a') throw new Error('at once');
      return Promise.resolve(id);
    });

    expect(results).toMatchObject([{ result: { problem: { kind: 'bug' } } }, { result: { value: 'buildkite/b' } }]);
  });

  it('may hand over what they have in the moment after the deadline', async () => {
    const { log, deadline } = setup(20);

    const results = await runEach(parts, deadline, Date.now, log, async ({ id }) => {
      await aborted(deadline.signal);
      await setImmediate();
      return id;
    });

    expect(results).toMatchObject([{ result: { value: 'buildkite/a' } }, { result: { value: 'buildkite/b' } }]);
  });

  it('are cut off when they do not stop at the deadline, and that is no bug', async () => {
    const { log, deadline } = setup(20);

    const results = await runEach(parts, deadline, Date.now, log, ({ id }) =>
      id === 'buildkite/a' ? new Promise<string>(() => undefined) : Promise.resolve(id),
    );

    expect(results).toMatchObject([
      { result: { problem: { kind: 'timeout', where: 'buildkite/a' } } },
      { result: { value: 'buildkite/b' } },
    ]);
    expect(log.lines).toEqual([]);
  });

  it.each([
    [undefined, 'did not end before the deadline of the run; raise the function timeout or split the sources'],
    [
      new DOMException('received SIGTERM', 'AbortError'),
      'did not end before the run was interrupted; start the run again',
    ],
  ])('say what ended them: %s', async (reason, message) => {
    const { log } = setup(1000);
    const interrupting = new AbortController();
    using deadline = createDeadline(reason === undefined ? 20 : 60_000, Date.now, interrupting.signal);

    const running = runEach(parts, deadline, Date.now, log, () => new Promise<string>(() => undefined));
    if (reason !== undefined) interrupting.abort(reason);

    const messages = (await running).map(({ result }) => ('problem' in result ? result.problem.message : ''));
    expect(messages).toEqual([message, message]);
  });

  it('that throw because of the deadline are late, not broken', async () => {
    const { log, deadline } = setup(20);

    const results = await runEach(parts, deadline, Date.now, log, async () => {
      await aborted(deadline.signal);
      deadline.signal.throwIfAborted();
    });

    expect(results.map(({ result }) => ('problem' in result ? result.problem.kind : 'value'))).toEqual([
      'timeout',
      'timeout',
    ]);
    expect(log.lines).toEqual([]);
  });

  it('take no negative time when the clock is set back', async () => {
    const { log, deadline } = setup(1000);
    let nowMs = 1_700_000_000_000;

    const results = await runEach(
      parts,
      deadline,
      () => (nowMs -= 60_000),
      log,
      ({ id }) => (id === 'buildkite/a' ? Promise.resolve(id) : Promise.reject(new Error('unknown'))),
    );

    expect(results).toMatchObject([{ result: { durationMs: 0 } }, { result: { durationMs: 0 } }]);
  });

  it('leave no timer and no listener behind', async () => {
    const timersBefore = timers();
    const { log, deadline } = setup(60_000);

    await runEach(parts, deadline, Date.now, log, ({ id }) => Promise.resolve(id));
    deadline[Symbol.dispose]();

    expect(timers()).toBe(timersBefore);
    expect(getEventListeners(deadline.signal, 'abort')).toEqual([]);
  });

  it('leave no listener behind although garbage is collected while they work', async () => {
    const { log, deadline } = setup(1000);
    const three = [...parts, { id: 'buildkite/c' }];

    await runEach(three, deadline, Date.now, log, async ({ id }) => {
      await setImmediate();
      collectGarbage();
      return id;
    });

    expect(getEventListeners(deadline.signal, 'abort')).toEqual([]);
  });

  it('that begin after the deadline still get the grace', async () => {
    const { log, deadline } = setup(0);
    await aborted(deadline.signal);

    const results = await runEach(parts, deadline, Date.now, log, ({ id }) => Promise.resolve(id));

    expect(results).toMatchObject([{ result: { value: 'buildkite/a' } }, { result: { value: 'buildkite/b' } }]);
  });
});

/** Timers that keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function setup(budgetMs: number): {
  log: ReturnType<typeof recordingLog>;
  deadline: ReturnType<typeof createDeadline>;
} {
  const deadline = createDeadline(budgetMs, Date.now);
  onTestFinished(() => {
    deadline[Symbol.dispose]();
  });
  return { log: recordingLog(), deadline };
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

/** Node has the function only behind a flag, which is given for a moment. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
}
