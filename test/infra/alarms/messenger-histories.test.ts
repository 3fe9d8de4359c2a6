/** Plays histories against the messenger of alarms: each queue is told once, and what is told ends. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createRandom } from '../../../lambda/demo/simulators/random.ts';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import type { Scene } from '../simulation/collector.ts';
import { playMessages, type Received } from '../simulation/messenger.ts';
import { configOf, synthesise } from '../synthesis.ts';

const buildkite = {
  kind: 'buildkite',
  name: 'ci',
  organization: 'acme',
  agentTokens: [{ secret: 'ci-metrics/buildkite' }],
  apiToken: { secret: 'ci-metrics/buildkite', key: 'api' },
};
const minimal = configOf('minimal');
const synthesis = synthesise(
  CollectorConfig.parse({
    ...minimal,
    sources: [buildkite],
    alarms: {
      ...minimal.alarms,
      notify: [
        { kind: 'pagerduty', routingKey: { secret: 'ci/pagerduty' } },
        { kind: 'webhook', url: 'https://events.example.com/', token: { secret: 'ci/receiver' } },
      ],
    },
  }),
);

const Incident = z.object({ event_action: z.enum(['trigger', 'resolve']), dedup_key: z.string() });

interface Step {
  readonly minute: number;
  readonly action: 'trigger' | 'resolve';
  readonly key: string;
}

/** What PagerDuty got, by the last part of its keys. */
function incidentsIn(received: readonly Received[]): readonly Step[] {
  return received.flatMap(({ minute, body }) => {
    const { data } = Incident.safeParse(body);
    if (data === undefined) return [];
    return [{ minute, action: data.event_action, key: data.dedup_key.replace('eu-west-1/ci-metrics/', '') }];
  });
}

/** Without ends of what was not open: they change nothing. */
function changesOf(steps: readonly Step[]): readonly string[] {
  const open = new Set<string>();
  return steps.flatMap(({ action, key }) => {
    const isOpen = open.has(key);
    if (action === 'trigger') open.add(key);
    else open.delete(key);
    return isOpen === (action === 'resolve') ? [`${action} ${key}`] : [];
  });
}

async function playFor(
  minutes: number,
  scene: (minute: number) => Scene,
  isMuted: (alarm: string, minute: number) => boolean = () => false,
): Promise<readonly Received[]> {
  return await playMessages(synthesis, {
    minutes,
    queues: ['default', 'deploy'],
    isMuted: (alarm, at) => isMuted(alarm, at - 24 * 60),
    scene,
  });
}

const stuckKey = (queue: string): string => `any-queue-stuck/ci/${queue}/unclustered/ci`;
const starved = (...queues: readonly string[]): Scene => ({ starved: queues.map((queue) => `ci/${queue}`) });

describe('a queue that is stuck', () => {
  it('is one incident, which its end closes', async () => {
    const steps = incidentsIn(await playFor(45, (minute) => (minute >= 5 && minute < 30 ? starved('default') : {})));

    expect(changesOf(steps)).toEqual([`trigger ${stuckKey('default')}`, `resolve ${stuckKey('default')}`]);
  });

  it('is told while another one already is, each under its own key', async () => {
    const received = await playFor(30, (minute) => starved('default', ...(minute > 15 ? ['deploy'] : [])));

    expect(changesOf(incidentsIn(received))).toEqual([
      `trigger ${stuckKey('default')}`,
      `trigger ${stuckKey('deploy')}`,
    ]);
  });

  it('whose jobs wait as well is one incident until both are over', async () => {
    const steps = incidentsIn(
      await playFor(70, (minute) => ({
        ...(minute >= 5 && minute < 30 ? starved('default') : {}),
        waits: { 'ci/default': minute >= 5 && minute < 50 ? 3600 : 0 },
      })),
    );

    expect(changesOf(steps)).toEqual([`trigger ${stuckKey('default')}`, `resolve ${stuckKey('default')}`]);
    expect(steps.findLast(({ action }) => action === 'resolve')?.minute).toBeGreaterThan(50);
  });

  it('is silent while its source is down, and told when the source is well again', async () => {
    const received = await playFor(80, (minute) => {
      if (minute < 10) return {};
      return minute < 50 ? { ...starved('default'), failing: ['ci'] } : starved('default');
    });

    const about = received.filter(({ message }) => message.state === 'ALARM' && message.alarm.includes('any-queue'));
    expect(about.every(({ minute }) => minute >= 50)).toBe(true);
    expect(changesOf(incidentsIn(received))).toEqual([
      'trigger source-down/ci',
      'resolve source-down/ci',
      `trigger ${stuckKey('default')}`,
    ]);
  });
});

describe('quiet hours', () => {
  const nights = (alarm: string, minute: number): boolean =>
    minute >= 10 && minute < 60 && !alarm.includes('collector');

  it('tell nobody of what goes off and ends in them', async () => {
    const received = await playFor(65, (minute) => (minute >= 15 && minute < 40 ? starved('default') : {}), nights);

    expect(received.filter(({ message }) => message.state === 'ALARM')).toEqual([]);
    expect(changesOf(incidentsIn(received))).toEqual([]);
  });

  it('tell at their end what is still on, each queue once', async () => {
    const received = await playFor(65, (minute) => (minute >= 15 ? starved('default', 'deploy') : {}), nights);

    const steps = incidentsIn(received);
    expect(changesOf(steps)).toEqual([`trigger ${stuckKey('default')}`, `trigger ${stuckKey('deploy')}`]);
    const triggers = steps.filter(({ action }) => action === 'trigger');
    expect(triggers.map(({ minute }) => minute).every((minute) => minute >= 60)).toBe(true);
    expect(triggers).toHaveLength(2);
  });

  it('close what was told before', async () => {
    const received = await playFor(62, (minute) => (minute < 30 ? starved('default') : {}), nights);

    const steps = incidentsIn(received);
    expect(changesOf(steps)).toEqual([`trigger ${stuckKey('default')}`, `resolve ${stuckKey('default')}`]);
    expect(steps.at(-1)?.minute).toBeLessThan(60);
  });
});

describe('any history', () => {
  /** Spells of trouble at random, and most of an hour of quiet at the end. */
  function randomScene(seed: number): (minute: number) => Scene {
    const random = createRandom(seed);
    const spells = ['default', 'deploy', 'source', 'waits'].map((what) => {
      const from = Math.floor(random() * 50);
      return { what, from, until: from + Math.floor(random() * 50) };
    });
    return (minute) => {
      const on = new Set(spells.filter(({ from, until }) => minute >= from && minute < until).map(({ what }) => what));
      return {
        ...starved(...['default', 'deploy'].filter((queue) => on.has(queue))),
        ...(on.has('source') ? { failing: ['ci'] } : {}),
        waits: { 'ci/default': on.has('waits') ? 3600 : 0 },
      };
    };
  }

  it.each([1, 2, 3])('closes whatever it opened, with quiet hours in between (seed %i)', async (seed) => {
    const isMuted = (alarm: string, minute: number): boolean =>
      minute >= 40 && minute < 70 && !alarm.includes('collector');

    const received = await playFor(150, randomScene(seed), isMuted);

    const steps = incidentsIn(received);
    const last = new Map(steps.map(({ key, action }) => [key, action]));
    expect([...last].filter(([, action]) => action === 'trigger')).toEqual([]);
    expect(steps.filter(({ action, minute }) => action === 'trigger' && minute >= 40 && minute < 70)).toEqual([]);
  });
});
