/** Plays histories against the alarms of whole stacks, and checks who is told what and when. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { type PlayOptions, play, type Played, playTogether, timeOf } from '../simulation/play.ts';
import type { Scene } from '../simulation/collector.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { resolved } from '../intrinsics.ts';
import { configOf, synthesise, type Synthesis } from '../synthesis.ts';

/**
 * Every alarm of six configurations against histories of what happens to CI systems and to the collector: the person
 * on call is woken for what is wrong, once, and for nothing else.
 */

const queue = { source: 'ci', scope: 'unclustered', queue: 'default' };
const buildkite = { kind: 'buildkite', name: 'ci', agentTokens: [{ secret: 'ci-metrics/buildkite' }] };
const withWaits = {
  ...buildkite,
  organization: 'acme',
  apiToken: { secret: 'ci-metrics/buildkite', key: 'api' },
};
const second = { ...buildkite, name: 'second', compat: false };

const MessageRule = z.object({
  EventPattern: z.object({ detail: z.object({ about: z.array(z.string()).default([]) }).prefault({}) }),
});

function synthesiseWith(change: Partial<CollectorConfig>, alarms: Partial<CollectorConfig['alarms']> = {}): Synthesis {
  const minimal = configOf('minimal');
  return synthesise({ ...minimal, sources: [buildkite], ...change, alarms: { ...minimal.alarms, ...alarms } });
}

const configurations: readonly (readonly [string, Synthesis])[] = [
  ['one source', synthesiseWith({})],
  [
    'a name, waits and a queue of its own',
    synthesiseWith({ collector: 'acme', sources: [withWaits] }, { queues: [queue] }),
  ],
  [
    'two sources, and two sinks',
    synthesiseWith({
      sources: [buildkite, second],
      sinks: [{ kind: 'cloudwatch', dimensions: { Environment: 'production' } }, { kind: 'stdout' }],
    }),
  ],
  ['ten seconds', synthesiseWith({ interval: '10 seconds' }, { queues: [queue] })],
  ['five minutes', synthesiseWith({ interval: '5 minutes' }, { queues: [queue] })],
  ['an hour', synthesiseWith({ interval: '60 minutes' })],
];

function minutesOf({ prepared }: Synthesis): number {
  const { interval } = prepared.config;
  return { '10 seconds': 1, '5 minutes': 5, '60 minutes': 60 }[interval] ?? 1;
}

/** A history in which time is counted in runs of the schedule. */
function history(
  synthesis: Synthesis,
  runs: number,
  scene: (run: number, second: number) => Scene,
  more: Partial<PlayOptions> = {},
): Played {
  const minutes = minutesOf(synthesis);
  return play(synthesis, {
    minutes: runs * minutes,
    scene: (minute, at) => scene(Math.floor(minute / minutes), at),
    ...more,
  });
}

const starved: Scene = { starved: ['ci/default'] };

/** The names of what tells that queue "default" is stuck. */
function stuckAlarms({ template }: Synthesis): readonly string[] {
  return alarmsIn(template)
    .compositeAlarms.map(({ AlarmName }) => AlarmName.replace(/^[^/]*\//, ''))
    .filter((name) => name.includes('queue-stuck/') && !name.endsWith('/second'));
}

describe.each(configurations)('with %s', (_, synthesis) => {
  it('a quiet night wakes nobody', () => {
    const { woken, account } = history(synthesis, 40, () => ({}));

    expect(woken).toEqual([]);
    expect(account.on()).toEqual([]);
  });

  it.each([false, true])(
    'the first deployment wakes nobody before its first run (FILL makes points: %s)',
    (fillsEmpty) => {
      const firstRunMinute = 2 * minutesOf(synthesis);
      const { woken } = history(synthesis, 20, () => ({}), { firstRunMinute, fillsEmpty });

      expect(woken).toEqual([]);
    },
  );

  it('one failed run wakes nobody, and nothing stays on', () => {
    const { woken, account } = history(synthesis, 60, (run) => (run === 10 ? { failing: ['ci', 'second'] } : {}));

    expect(woken).toEqual([]);
    expect(account.on()).toEqual([]);
  });

  it('one run that dies wakes nobody, and nothing stays on', () => {
    const { woken, account } = history(synthesis, 60, (run) => (run === 10 ? { run: 'crash' } : {}));

    expect(woken).toEqual([]);
    expect(account.on()).toEqual([]);
  });

  it.each(['none', 'crash', 'throttled'] as const)('a dead collector (%s) is one alarm, and stays one', (run) => {
    const { woken, stateOf } = history(synthesis, 60, (at) => (at < 10 ? {} : { run }));

    expect(woken).toEqual(['collector-down']);
    expect(stateOf('collector-down')).toBe('ALARM');
  });

  it('a collector that is dead beside a stuck queue does not say that the queue is well', () => {
    const { told, stateOf } = history(synthesis, 90, (run) => (run < 30 ? starved : { run: 'none' }));

    expect(told.filter(({ state, minute }) => state === 'OK' && minute > 30 * minutesOf(synthesis))).toEqual([]);
    expect(stuckAlarms(synthesis).map(stateOf)).toEqual(stuckAlarms(synthesis).map(() => 'ALARM'));
  });

  it('an outage of a source is its alarm, and ends with it', () => {
    const { woken, stateOf, account } = history(synthesis, 90, (run) =>
      run >= 10 && run < 40 ? { failing: ['ci'] } : {},
    );

    expect(woken).toEqual(['source-down/ci']);
    expect(stateOf('source-down/ci')).toBe('OK');
    expect(account.on()).toEqual([]);
  });

  it.each([
    ['two of three', (run: number) => run % 3 !== 0],
    ['every second', (run: number) => run % 2 === 0],
  ])('a source that fails in %s runs is found, and the alarm stays on', (name, fails) => {
    const { told, woken } = history(synthesis, 60, (run) => (fails(run) ? { failing: ['ci'] } : {}));

    expect(woken).toEqual(['source-down/ci']);
    // From the unknown to OK it goes with the first good runs; after that it goes off once and does not come back.
    const states = told.filter(({ alarm }) => alarm.endsWith('source-down/ci')).map(({ state }) => state);
    expect(states.slice(states.indexOf('ALARM'))).toEqual(['ALARM']);
  });

  it('a sink that refuses everything is its alarm', () => {
    const { woken } = history(synthesis, 40, (run) => (run < 10 ? {} : { refusing: ['cloudwatch'] }));

    expect(woken).toEqual(['sink-down/cloudwatch']);
  });

  it('a stuck queue is told, by one alarm for each way in which it is watched', () => {
    const { woken, stateOf } = history(synthesis, 60, (run) => (run < 10 ? {} : starved));

    expect(woken).toEqual(stuckAlarms(synthesis).toSorted());
    expect(stuckAlarms(synthesis).map(stateOf)).not.toContain('OK');
  });

  it('a stuck queue whose source fails in every third run is told', () => {
    const { woken } = history(synthesis, 60, (run) => (run % 3 === 0 ? { ...starved, failing: ['ci'] } : starved));

    expect(woken).toEqual(stuckAlarms(synthesis).toSorted());
  });

  it('a stuck queue whose source fails in every second run is on, and silent only while the source is down', () => {
    const { told, stateOf, woken } = history(synthesis, 90, (run) => {
      if (run >= 60) return starved;
      return run % 2 === 0 ? { ...starved, failing: ['ci'] } : starved;
    });

    expect(stuckAlarms(synthesis).map(stateOf)).not.toContain('OK');
    expect(woken).toEqual([...stuckAlarms(synthesis), 'source-down/ci'].toSorted());
    const down = told.filter(({ alarm }) => alarm.endsWith('/source-down/ci'));
    const from = down.find(({ state }) => state === 'ALARM')?.minute ?? Infinity;
    const until = down.findLast(({ state }) => state === 'OK')?.minute ?? Infinity;
    expect(until).toBeGreaterThan(from);
    expect(told.filter(({ alarm, minute }) => alarm.includes('stuck/') && minute >= from && minute < until)).toEqual(
      [],
    );
  });

  it('a source that dies beside a stuck queue does not say that the queue is well', () => {
    const { told, stateOf, woken } = history(synthesis, 120, (run) => {
      if (run < 10) return {};
      return run < 40 ? starved : { ...starved, failing: ['ci'] };
    });

    expect(woken).toEqual([...stuckAlarms(synthesis), 'source-down/ci'].toSorted());
    expect(stuckAlarms(synthesis).map(stateOf)).toEqual(stuckAlarms(synthesis).map(() => 'ALARM'));
    const late = told.filter(({ minute }) => minute > 40 * minutesOf(synthesis));
    expect(late.filter(({ alarm, state }) => alarm.includes('queue') && state === 'OK')).toEqual([]);
  });

  it('a queue that gets its workers is over', () => {
    const { stateOf, account } = history(synthesis, 60, (run) => (run < 30 ? starved : {}));

    expect(stuckAlarms(synthesis).map(stateOf)).toEqual(stuckAlarms(synthesis).map(() => 'OK'));
    expect(account.on()).toEqual([]);
  });

  it('a collector that dies in every second run is found', () => {
    const { woken } = history(synthesis, 60, (run) => (run > 10 && run % 2 === 0 ? { run: 'crash' } : {}));

    expect(woken).toEqual(['collector-down']);
  });

  it('a collector that has never started is found by its errors', () => {
    const { woken } = history(synthesis, 60, () => ({ run: 'crash' }));

    expect(woken).toEqual(['collector-down']);
  });

  it('a deployment in between, which costs one run, wakes nobody', () => {
    const { woken } = history(synthesis, 40, (run) => (run === 15 ? { run: 'none' } : {}));

    expect(woken).toEqual([]);
  });
});

describe('a burst of ten seconds in each minute', () => {
  it('starves no queue that gets its agent: the whole minute counts', () => {
    const [, synthesis] = configurations[3] ?? [];
    if (synthesis === undefined) throw new Error('the configuration is gone');

    const { woken } = history(synthesis, 60, (_, second) => (second < 10 ? starved : {}));

    expect(woken).toEqual([]);
  });
});

describe('the first runs of a collector', () => {
  const parts = ['collector-silent', 'collector-started', 'function-crashes'] as const;
  /** Every order of evaluation, as seconds of the minute before, between and after the arrival of points. */
  const orders = [0, 20, 59].flatMap((silent) =>
    [0, 20, 59].flatMap((started) => [0, 59].map((crashes) => [silent, started, crashes] as const)),
  );
  const late = [0, 40, 100];

  it.each([false, true])(
    'wake nobody in any order of evaluation, however late they arrive (FILL makes points: %s)',
    (fillsEmpty) => {
      const synthesis = synthesiseWith({});
      for (const seconds of orders) {
        for (const lateSeconds of late) {
          const played = play(synthesis, {
            minutes: 20,
            firstRunMinute: 6,
            fillsEmpty,
            secondOf: (name) => seconds[parts.findIndex((part) => name.endsWith(part))] ?? 30,
            scene: (minute) => (minute === 6 ? { lateSeconds } : {}),
          });

          const on = played.account.stateEvents.filter(
            ({ alarm, state }) => alarm.endsWith('collector-down') && state === 'ALARM',
          );
          expect({ seconds, lateSeconds, on }).toEqual({ seconds, lateSeconds, on: [] });
        }
      }
    },
  );

  it.each(['1 minute', '60 minutes'])('are three, after which silence is told, at %s', (interval) => {
    const synthesis = synthesiseWith({ interval });
    const silentAfter = (runs: number): Played =>
      history(synthesis, 20, (run) => (run > 0 && run <= runs ? {} : { run: 'none' }));

    expect(silentAfter(3).woken).toEqual(['collector-down']);
    expect(silentAfter(2).woken).toEqual([]);
  });
});

describe('a receiver of alarms', () => {
  const synthesis = synthesiseWith(
    { sources: [buildkite, second] },
    { queues: [queue], webhook: { url: 'https://e.example.com/', header: 'X', token: { secret: 'receiver' } } },
  );
  // `alarm/NAME` is about an alarm as a whole, `each/NAME` about one of its queues.
  const told = new Set(
    resolved(synthesis.template, 'AWS::Events::Rule')
      .flatMap(({ properties }) => MessageRule.parse(properties).EventPattern.detail.about)
      .filter((about) => about.startsWith('alarm/'))
      .map((about) => about.replace('alarm', configOf('minimal').collector)),
  );

  it.each<[string, Scene]>([
    ['dead collector', { run: 'none' }],
    ['collector that crashes', { run: 'crash' }],
    ['source that is down', { failing: ['ci'] }],
    ['sink that refuses', { refusing: ['cloudwatch'] }],
    ['stuck queue', starved],
  ])('gets one message for each mail, and no other, of a %s', (_, scene) => {
    const { account, told: mails } = history(synthesis, 60, (run) => (run < 10 ? {} : scene));

    const messages = account.stateEvents.filter(({ alarm, state }) => told.has(alarm) && state === 'ALARM');
    expect(messages.map(({ alarm }) => alarm).sort()).toEqual(
      mails
        .filter(({ state, contributor }) => state === 'ALARM' && contributor === undefined)
        .map(({ alarm }) => alarm)
        .sort(),
    );
    expect(messages).not.toEqual([]);
  });
});

describe('silentMinutes', () => {
  it.each([
    ['1 minute', 3, 3],
    ['1 minute', 20, 20],
    ['10 seconds', 3, 3],
    ['5 minutes', 3, 10],
    ['5 minutes', 20, 20],
    ['60 minutes', 3, 120],
  ])('at %s means for %i: %i minutes without a run', (interval, silentMinutes, minutes) => {
    const synthesis = synthesiseWith({ interval }, { silentMinutes });
    const rate = minutesOf(synthesis);
    const lastRun = 20;

    const { firstMinute } = history(synthesis, 60, (run) => (run <= lastRun ? {} : { run: 'none' }));

    // From the end of the period of the last run; an evaluation is one a minute.
    const silentFrom = (lastRun + 1) * rate;
    expect((firstMinute('collector-down') ?? 0) - silentFrom).toBe(minutes);
  });
});

describe('a schedule', () => {
  const disabled = synthesiseWith({ deployment: { ...configOf('minimal').deployment, schedule: 'disabled' } });

  it('that is disabled wakes nobody, whatever was on', () => {
    const { woken, account } = play(disabled, { minutes: 120, scene: () => ({ run: 'none' }) });

    expect(woken).toEqual([]);
    expect(account.on()).toEqual([]);
  });

  it.each([false, true])(
    'that is enabled again wakes nobody before its first run (FILL makes points: %s)',
    (fillsEmpty) => {
      const hourly = synthesiseWith({ interval: '60 minutes' });

      const { woken } = play(hourly, { minutes: 600, scene: () => ({}), firstRunMinute: 120, fillsEmpty });

      expect(woken).toEqual([]);
    },
  );
});

describe('a credential', () => {
  const hourMs = 3_600_000;
  const configured = (interval = '1 minute', tokens: CollectorConfig['alarms']['tokens'] = []): Synthesis =>
    synthesiseWith({ interval, sources: [withWaits] }, { tokens });

  /** One that lives so many hours, and has a successor whenever so many are over; undefined: never. */
  function renewed(
    synthesis: Synthesis,
    { lives, each, hours }: { readonly lives: number | undefined; readonly each?: number; readonly hours: number },
    fillsEmpty = true,
  ): Played {
    return play(synthesis, {
      minutes: hours * 60,
      fillsEmpty,
      scene: (minute) => {
        const nowMs = timeOf(minute);
        const ageMs = (minute * 60_000) % ((each ?? Infinity) * hourMs);
        const createdMs = nowMs - ageMs;
        const endsMs = createdMs + (lives ?? 12) * hourMs;
        return { credentials: { ci: { ...(lives === undefined ? {} : { createdMs }), expiresMs: endsMs } } };
      },
    });
  }

  it.each(['1 minute', '5 minutes', '60 minutes', '10 seconds'])(
    'of 12 hours that is renewed in each 11th wakes nobody, at %s',
    (interval) => {
      const { told } = renewed(configured(interval), { lives: 12, each: 11, hours: 24 });

      expect(told.filter(({ state }) => state === 'ALARM')).toEqual([]);
    },
  );

  it('of 12 hours that is not renewed wakes somebody while there is time to act', () => {
    const { woken, firstMinute } = renewed(configured(), { lives: 12, hours: 13 });

    expect(woken).toEqual(['token-expiring/ci']);
    expect(firstMinute('token-expiring/ci')).toBeGreaterThanOrEqual(12 * 60 - 36);
    expect(firstMinute('token-expiring/ci')).toBeLessThanOrEqual(12 * 60 - 30);
  });

  it.each([false, true])(
    'that does not tell how long it lives wakes somebody two weeks before its end (FILL makes points: %s)',
    (fillsEmpty) => {
      const { woken } = renewed(configured(), { lives: undefined, hours: 1 }, fillsEmpty);

      expect(woken).toEqual(['token-expiring/ci']);
    },
  );

  it('of which fewer hours are wanted, and can be, has those', () => {
    const two = [{ source: 'ci', expiringHours: 2 }];

    const { firstMinute } = renewed(configured('1 minute', two), { lives: 12, hours: 13 });

    expect(firstMinute('token-expiring/ci')).toBeGreaterThanOrEqual(10 * 60);
    expect(firstMinute('token-expiring/ci')).toBeLessThanOrEqual(10 * 60 + 5);
  });

  it('that lives for 90 days wakes nobody before the last two weeks', () => {
    expect(renewed(configured(), { lives: 90 * 24, hours: 24 }).woken).toEqual([]);
  });
});

describe('two collectors in one account', () => {
  const names = ['ci-metrics', 'team-a', 'team-b'] as const;
  const all = names.map((collector) => synthesiseWith({ collector, sources: [withWaits] }));

  it.each<[string, Scene]>([
    ['a source that is down', { failing: ['ci'] }],
    ['a sink that is down', { refusing: ['cloudwatch'] }],
    ['a stuck queue', { ...starved, waits: { 'ci/default': 3600 } }],
    ['death', { run: 'none' }],
  ])('share no alarm on %s, though sources, sinks and queues have the same names', (_, scene) => {
    const orders = [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
    ] as const;
    for (const order of orders) {
      const inOrder = order.flatMap((index) => all[index] ?? []);

      const { account } = playTogether(inOrder, { minutes: 40, scene: (minute) => (minute < 10 ? {} : scene) });

      const [ill] = inOrder;
      const on = account.on();
      expect(on).not.toEqual([]);
      expect(on.filter((name) => !name.startsWith(`${ill?.prepared.config.collector ?? ''}/`))).toEqual([]);
    }
  });
});

describe('an alarm over all queues', () => {
  it('tells EventBridge of each queue, also of a second one while the first is stuck', () => {
    const [, synthesis] = configurations[0] ?? [];
    if (synthesis === undefined) throw new Error('the configuration is gone');

    const { account } = play(synthesis, {
      minutes: 60,
      queues: ['default', 'deploy'],
      scene: (minute) => ({ starved: [...(minute > 5 ? ['ci/default'] : []), ...(minute > 30 ? ['ci/deploy'] : [])] }),
    });

    expect(account.contributorEvents.map(({ contributor, state }) => [contributor, state])).toEqual([
      ['ci/unclustered/default', 'ALARM'],
      ['ci/unclustered/deploy', 'ALARM'],
    ]);
  });
});
