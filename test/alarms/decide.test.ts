/** Tests of what a change of an alarm is told as: each queue once, and nothing while it is muted or suppressed. */
import { describe, expect, it } from 'vitest';
import type { AlarmReader, StandingAlarm, StandingContributor } from '../../lambda/alarms/alarm-reader.ts';
import { parseChange } from '../../lambda/alarms/change.ts';
import { decideTellings, type Telling } from '../../lambda/alarms/decide.ts';

const whole = 'ci/any-queue-stuck/main';
const starved = 'ci/any-queue-starved/main';
const waits = 'ci/any-queue-waits/main';

const standing: StandingAlarm = {
  name: whole,
  state: 'ALARM',
  reason: '',
  changedAt: '2026-03-01T03:00:00.000Z',
  kind: 'composite',
  hasSuppressor: true,
  isSuppressed: false,
};

const queue = (name: string): Readonly<Record<string, string>> => ({ Source: 'main', Scope: 'a', Queue: name });
const on = (name: string): StandingContributor => ({
  attributes: queue(name),
  reason: '[4.0 (01/03/26 03:00:00)]',
  changedAt: '2026-03-01T03:00:00.000Z',
});

interface Account {
  readonly parents?: readonly StandingAlarm[];
  readonly parts?: readonly StandingAlarm[];
  readonly contributors?: Readonly<Record<string, readonly StandingContributor[]>>;
}

function readerOf({ parents = [], parts = [], contributors = {} }: Account): AlarmReader {
  return {
    readParents: () => Promise.resolve(parents),
    readParts: () => Promise.resolve(parts),
    readContributors: (alarm) => Promise.resolve(contributors[alarm] ?? []),
  };
}

const part = (name: string, more: Partial<StandingAlarm> = {}): StandingAlarm => ({
  ...standing,
  name,
  kind: 'grouped',
  hasSuppressor: false,
  ...more,
});

const state = (value: string, more: object = {}): object => ({
  value,
  reason: 'Threshold Crossed',
  timestamp: '2026-03-01T03:12:45.123+0000',
  ...more,
});

const composite = { alarmRule: 'ALARM(a)', actionsSuppressor: 'ci/source-down/main' };

function action(alarmName: string, value: string, configuration: object): unknown {
  return { alarmData: { alarmName, state: state(value), previousState: state('OK'), configuration } };
}

function event(alarmName: string, value: string, detail: object = {}, more: object = {}): unknown {
  return { 'detail-type': 'any', detail: { alarmName, state: state(value, more), configuration: {}, ...detail } };
}

async function tell(input: unknown, account: Account = {}): Promise<readonly Telling[]> {
  return await decideTellings(parseChange(input), readerOf(account));
}

const namesOf = (tellings: readonly Telling[]): readonly string[] =>
  tellings.map(
    ({ alarm, contributor }) => `${alarm}${contributor === undefined ? '' : ` ${contributor['Queue'] ?? ''}`}`,
  );

const muteDetail = { mutedByArn: 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:nights' };
const contributor = { alarmContributor: { id: '6d442278dba546f6', attributes: queue('default') } };

describe('an alarm over all queues that goes off', () => {
  it('is told as each queue that is on in its parts, and says so itself', async () => {
    const told = await tell(action(whole, 'ALARM', composite), {
      parts: [part(starved), part(waits, { state: 'OK' })],
      contributors: { [starved]: [on('default'), on('deploy')], [waits]: [on('never')] },
    });

    expect(namesOf(told)).toEqual([whole, starved, `${starved} default`, `${starved} deploy`]);
    expect(told.map(({ isNamedInParts }) => isNamedInParts)).toEqual([true, true, false, false]);
    expect(told.slice(2).map(({ group }) => group)).toEqual([whole, whole]);
    expect(told[0]?.cause).toMatchObject({ name: starved });
  });

  it('is told by itself where no queue can be named', async () => {
    const told = await tell(action(whole, 'ALARM', composite), { parts: [part(starved)] });

    expect(told.map(({ isNamedInParts }) => isNamedInParts)).toEqual([false, false]);
  });

  it('does not tell for parts that nothing holds back: they do it themselves', async () => {
    const told = await tell(action('ci/collector-down', 'ALARM', { alarmRule: 'ALARM(a)' }), {
      parts: [part('ci/collector-silent', { kind: 'single' })],
    });

    expect(namesOf(told)).toEqual(['ci/collector-down']);
  });
});

describe('a queue that gets stuck', () => {
  const stuck = event(starved, 'ALARM', contributor);

  it('is told while the whole is on already', async () => {
    const told = await tell(stuck, { parents: [standing] });

    expect(told).toMatchObject([{ alarm: starved, group: whole, isQuiet: false, contributor: queue('default') }]);
  });

  it.each([
    ['the source is down', { isSuppressed: true }],
    ['it is not known yet whether the source is down', { state: 'OK' as const }],
  ])('is not told while %s: the whole tells it afterwards', async (_, parent) => {
    expect(await tell(stuck, { parents: [{ ...standing, ...parent }] })).toEqual([]);
  });

  it('is told at once where nothing can hold it back', async () => {
    const told = await tell(stuck, { parents: [{ ...standing, state: 'OK', hasSuppressor: false }] });

    expect(told).toHaveLength(1);
  });

  it('is not told in quiet hours', async () => {
    expect(await tell(event(starved, 'ALARM', { ...contributor, muteDetail }), { parents: [standing] })).toEqual([]);
  });

  it('is told once, although the action of its alarm comes as well', async () => {
    const input = { alarmData: { alarmName: starved, state: state('ALARM'), ...contributor } };

    expect(await tell(input, { parents: [standing] })).toEqual([]);
  });
});

describe('a queue that is well again', () => {
  const well = (more: object = {}): unknown => event(starved, 'OK', { ...contributor, ...more });

  it('is told under the same incident', async () => {
    const told = await tell(well(), { parents: [standing], parts: [part(starved), part(waits)] });

    expect(told).toMatchObject([{ alarm: starved, group: whole, state: 'OK', isQuiet: false }]);
  });

  it('is not over while another part still finds it', async () => {
    const account = { parents: [standing], parts: [part(starved), part(waits)] };

    expect(await tell(well(), { ...account, contributors: { [waits]: [on('default')] } })).toEqual([]);
    expect(await tell(well(), { ...account, contributors: { [waits]: [on('deploy')] } })).toHaveLength(1);
  });

  it.each([
    ['in quiet hours', { muteDetail }, {}],
    ['while its source is down', {}, { isSuppressed: true }],
  ])('closes its incident and tells nobody %s', async (_, detail, parent) => {
    const told = await tell(well(detail), { parents: [{ ...standing, ...parent }] });

    expect(told.map(({ isQuiet }) => isQuiet)).toEqual([true]);
  });
});

describe('an alarm on one thing', () => {
  const single = { metrics: [{ id: 'm1' }] };

  it('is told when it goes off and when it is over', async () => {
    expect(namesOf(await tell(action('ci/source-down/main', 'ALARM', single)))).toEqual(['ci/source-down/main']);
    expect(await tell(action('ci/source-down/main', 'OK', single))).toMatchObject([
      { isQuiet: false, previousState: 'OK' },
    ]);
  });

  it('that is a part is held back with the whole', async () => {
    const input = action('ci/queue-starved/main/a/b', 'ALARM', single);

    expect(await tell(input, { parents: [{ ...standing, isSuppressed: true }] })).toEqual([]);
    expect(await tell(input, { parents: [standing] })).toHaveLength(1);
  });

  it('whose end is held back closes its incident, and is told once otherwise', async () => {
    expect(await tell(event('ci/source-down/main', 'OK', { muteDetail }))).toMatchObject([{ isQuiet: true }]);
    expect(await tell(event(whole, 'OK', {}, { actionsSuppressedBy: 'Alarm' }))).toMatchObject([{ isQuiet: true }]);
    expect(await tell(event('ci/source-down/main', 'OK'))).toEqual([]);
  });

  it('whose data ended is told, unless it is muted', async () => {
    expect(await tell(event('ci/source-down/main', 'INSUFFICIENT_DATA'))).toHaveLength(1);
    expect(await tell(event('ci/source-down/main', 'INSUFFICIENT_DATA', { muteDetail }))).toEqual([]);
  });

  it('over many workflows tells each, also at the end of quiet hours', async () => {
    const grouped = { metrics: [{ expression: 'SELECT MIN(WorkflowUp) FROM CI GROUP BY Workflow' }] };
    const contributors = { 'ci/workflow-down/main': [on('one')] };

    const told = await tell(action('ci/workflow-down/main', 'ALARM', grouped), { contributors });

    expect(told.map(({ group, isNamedInParts }) => [group, isNamedInParts])).toEqual([
      ['ci/workflow-down/main', true],
      ['ci/workflow-down/main', false],
    ]);
  });
});
