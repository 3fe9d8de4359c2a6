/** Tests what is said of the clock of this machine, and of the version of Node. */
import { describe, expect, it } from 'vitest';
import { checkClocks } from '../../../lambda/doctor/checks/check-clocks.ts';
import { checkNode } from '../../../lambda/doctor/checks/check-node.ts';

const reading = (host: string, aheadMs: number) => ({ host, ownMs: 0, serverMs: -aheadMs, aheadMs });

describe('the clock', () => {
  it.each([
    [[], 'unknown', 'no server has told its time'],
    [[reading('a', 0)], 'ok', 'as that of a, to 1 s'],
    [[reading('a', 60_000)], 'ok', 'as that of a, to 60 s'],
    [[reading('a', 0), reading('b', -61_000)], 'warning', '61 s behind of that of b'],
    [[reading('a', 301_000), reading('b', -61_000)], 'failed', '301 s ahead of that of a'],
  ])('by %j is %s', (readings, verdict, message) => {
    expect(checkClocks(readings)).toMatchObject([{ subject: 'clock', verdict, message }]);
  });
});

describe('Node', () => {
  it.each([
    ['v24.21.0', 'ok'],
    ['v26.0.0', 'ok'],
    ['v22.19.0', 'warning'],
  ])('%s is %s', (version, verdict) => {
    expect(checkNode(version).verdict).toBe(verdict);
  });
});
