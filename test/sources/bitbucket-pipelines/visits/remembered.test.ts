/** What a run whose clock was wrong leaves behind in the source's own memory. */
import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs, opened, run, startMs } from '../opened.ts';

/** Over loopback, on a machine that has much else to do; no statement about speed. */
const timeout = 120_000;
const dayMs = 24 * hourMs;

const settings = { steps: 'leave', runners: { workspace: 'leave' } };

describe('a run whose clock was a day ahead', { timeout }, () => {
  it('keeps nobody from looking at the repositories again', async () => {
    await using bitbucket = await opened({ settings, repositories: [{}, {}] });
    await bitbucket.tick();
    await bitbucket.tick(1, dayMs);
    bitbucket.workspace.add('shop', run(startMs + 2 * minuteMs, [], { endMs: startMs + 3 * minuteMs }));

    let counted = {};
    for (let minute = 0; minute < 30; minute += 1)
      counted = (await bitbucket.tick()).values('ci_runs_total', 'attempt', 'result');

    expect(counted).toMatchObject({ 'first success': 1 });
  });

  it('lets no run go that waits for a person', async () => {
    await using bitbucket = await opened({ settings });
    await bitbucket.tick();
    const built = { startMs: startMs + 2 * minuteMs, endMs: startMs + 3 * minuteMs };
    bitbucket.workspace.add('shop', run(startMs + 2 * minuteMs, [built, { trigger: 'manual' }]));
    await bitbucket.tick(15);

    const ahead = await bitbucket.tick(1, 8 * dayMs);

    // Let go, it would count as a success.
    expect(ahead.values('ci_runs_total', 'result')).toEqual({ success: 0, failure: 0 });
  });
});
