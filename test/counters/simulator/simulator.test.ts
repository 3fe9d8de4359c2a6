/** Tests that the counters keep their promises in many random histories of each kind of list. */
import { describe, expect, it } from 'vitest';
import { checkHistories } from './check.ts';

/** The same ones each time, so that a change is judged by the same histories; `npm run simulate` finds new ones. */
const seed = 20_260_105;

/** For a machine that has much else to do. */
const timeout = 600_000;

/** What has to happen in some of the histories, or the promises that they keep would be worth nothing. */
const events = [
  'a clock that is ahead',
  'a clock that is behind',
  'a lost race',
  'a lost race for an outbox',
  'a request fails',
  'a run is started again',
  'a save without an answer: outbox',
  'a source that waits',
  'a state of a later clock is set back',
  'a save without an answer: state',
  'a tick that was taken',
  'a truncated read',
  'crash before: answer',
  'crash before: list',
  'crash before: load',
  'crash before: save',
  'crash before: saved',
  'crash before: send',
  'finishes and no fault of a delivery',
  'invocations at the same time',
  'sent: half',
  'sent: lost-unknown',
  'sent: ok',
  'sent: refused',
  'sent: rejected',
  'sent: stored-unknown',
  'told: ci_collector_increases_dropped',
  'told: ci_collector_increases_unconfirmed',
  'unreadable: outbox',
  'unreadable: state',
];

const mixed = 'a list that skips elements of equal time';
const oneByOne = 'an open run is asked for by itself';

describe.each([
  { kind: 'finish', histories: 500, own: [mixed] },
  { kind: 'created', histories: 500, own: [mixed, oneByOne, 'crash before: get'] },
  {
    kind: 'bitbucket',
    histories: 300,
    own: [oneByOne, 'a list with strange elements', 'a refusal after other answers'],
  },
  {
    kind: 'github',
    histories: 300,
    own: [
      ...[oneByOne, 'a list with strange elements', 'a refusal after other answers'],
      ...['events are taken', 'crash before: take', 'crash before: remove'],
    ],
  },
] as const)('any history of a CI system of the kind $kind', ({ kind, histories, own }) => {
  it(`keeps every promise of the counters (${String(histories)} histories)`, { timeout }, async () => {
    const checked = await checkHistories(kind, { histories, seed });

    expect(checked.failure).toBeUndefined();
    expect(checked.simulated).toBe(histories);
    expect([...checked.events.keys()]).toEqual(expect.arrayContaining([...events, ...own]));
  });
});
