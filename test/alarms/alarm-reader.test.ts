/** Tests of what is asked of CloudWatch about alarms, and of the messages that are put on the bus. */
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createAlarmReader } from '../../lambda/alarms/alarm-reader.ts';
import { type EventBus, putMessages } from '../../lambda/alarms/event-bus.ts';
import { buildMessage } from '../../lambda/alarms/message.ts';

interface Asked {
  readonly input: unknown;
}

/** Answers one call after the other, and keeps what was asked. */
function clientOf(answers: readonly object[]): {
  readonly client: Pick<CloudWatchClient, 'send'>;
  readonly asked: Asked[];
} {
  const asked: Asked[] = [];
  const send = ({ input }: Asked): Promise<object> => {
    asked.push({ input });
    return Promise.resolve(answers[asked.length - 1] ?? {});
  };
  // The overloads of the SDK's client, of which one is used.
  return { client: { send }, asked };
}

const { signal } = new AbortController();
const ignore = (): void => undefined;

describe('the reader of alarms', () => {
  it('asks for the parents by their names, because only so it is told whether they are held back', async () => {
    const parent = { AlarmName: 'ci/any-queue-stuck/main' };
    const { client, asked } = clientOf([
      { CompositeAlarms: [parent, { AlarmName: 'others/composite' }] },
      {
        CompositeAlarms: [
          { ...parent, StateValue: 'ALARM', ActionsSuppressor: 'arn:…', ActionsSuppressedBy: 'WaitPeriod' },
        ],
      },
    ]);

    const parents = await createAlarmReader(client, 'ci/', signal, ignore).readParents('ci/any-queue-starved/main');

    expect(parents).toMatchObject([
      { name: parent.AlarmName, state: 'ALARM', hasSuppressor: true, isSuppressed: true },
    ]);
    expect(asked.map(({ input }) => input)).toEqual([
      { ParentsOfAlarmName: 'ci/any-queue-starved/main' },
      { AlarmNames: ['ci/any-queue-stuck/main'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
    ]);
  });

  it('tells parts over many series from those on one', async () => {
    const names = ['ci/a', 'ci/b', 'ci/c', 'ci/d'];
    const [a, b, c, d] = names.map((AlarmName) => ({ AlarmName, StateValue: 'ALARM' }));
    const { client } = clientOf([
      { MetricAlarms: names.map((AlarmName) => ({ AlarmName })) },
      {
        MetricAlarms: [
          { ...a, Metrics: [{ Id: 'q', Expression: 'SELECT MAX(x) FROM CI GROUP BY Queue' }] },
          { ...b, MetricName: 'QueueStarved' },
          { ...c, Metrics: [{ Id: 'm', Expression: 'FILL(m1, 0)' }, { Id: 'm1' }] },
          // In PromQL an alarm has neither.
          { ...d },
        ],
      },
    ]);

    const parts = await createAlarmReader(client, 'ci/', signal, ignore).readParts('ci/whole');

    expect(parts.map(({ kind }) => kind)).toEqual(['grouped', 'single', 'single', 'grouped']);
  });

  it('asks nothing more where no alarm of its own is named', async () => {
    const { client, asked } = clientOf([{ CompositeAlarms: [{ AlarmName: 'others/composite' }] }]);

    expect(await createAlarmReader(client, 'ci/', signal, ignore).readParents('ci/a')).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it('reads what is on', async () => {
    const at = new Date('2026-03-01T03:00:00Z');
    const { client } = clientOf([
      {
        AlarmContributors: [
          { ContributorAttributes: { Queue: 'q' }, StateReason: 'why', StateTransitionedTimestamp: at },
          { ContributorAttributes: { Queue: 'r' } },
        ],
      },
    ]);

    expect(await createAlarmReader(client, 'ci/', signal, ignore).readContributors('ci/a')).toEqual([
      { attributes: { Queue: 'q' }, reason: 'why', changedAt: '2026-03-01T03:00:00.000Z' },
      { attributes: { Queue: 'r' }, reason: '', changedAt: '' },
    ]);
  });
});

it('tells that what is on cannot be read, and goes on', async () => {
  const unread: string[] = [];
  const client = { send: () => Promise.reject(new Error('denied')) } as Pick<CloudWatchClient, 'send'>;
  const reader = createAlarmReader(client, 'ci/', signal, (alarm) => unread.push(alarm));

  expect(await reader.readContributors('ci/a')).toEqual([]);
  expect(unread).toEqual(['ci/a']);
});

describe('the event bus', () => {
  const sender = { collector: 'ci', account: '1', region: 'eu-west-1', console: 'c', logGroup: 'l' };
  const message = buildMessage(
    {
      alarm: 'ci/source-down/main',
      group: 'ci/source-down/main',
      state: 'ALARM',
      previousState: 'OK',
      reason: 'Threshold Crossed',
      changedAt: '2026-03-01T03:12:45.123+0000',
      isQuiet: false,
      isNamedInParts: false,
    },
    { ...sender, dashboard: '', runbook: '', ciPages: {} },
  );
  const busOf = (status: number, body: string): { readonly bus: EventBus; readonly sent: unknown[] } => {
    const sent: unknown[] = [];
    const bus: EventBus = {
      url: new URL('https://events.eu-west-1.amazonaws.com/'),
      sign: (request) => Promise.resolve({ ...request, headers: { ...request.headers, authorization: 'signed' } }),
      send: ({ headers, body: text, hostname, path }) => {
        sent.push({ headers, hostname, path, body: JSON.parse(String(text)) as unknown });
        return Promise.resolve({ status, body });
      },
    };
    return { bus, sent };
  };

  it('gets ten messages at once', async () => {
    const { bus, sent } = busOf(200, '{"FailedEntryCount":0,"Entries":[]}');

    await putMessages(
      Array.from({ length: 11 }, () => message),
      bus,
    );

    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual({
      headers: expect.objectContaining({
        'x-amz-target': 'AWSEvents.PutEvents',
        authorization: 'signed',
        host: 'events.eu-west-1.amazonaws.com',
      }) as unknown,
      hostname: 'events.eu-west-1.amazonaws.com',
      path: '/',
      body: {
        Entries: [{ Source: 'ci-metrics.alarms', DetailType: 'CI alarm message', Detail: JSON.stringify(message) }],
      },
    });
  });

  it('gets none where there is nothing to tell', async () => {
    const { bus, sent } = busOf(200, '{}');

    await putMessages([], bus);

    expect(sent).toEqual([]);
  });

  it.each([
    [403, '{}', /PutEvents was answered with 403; look whether the role .* events:PutEvents/],
    [
      200,
      '{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException"}]}',
      /not taken 1 .* ThrottlingException/,
    ],
  ])('that answers %s with %s is an error, so that the call is repeated', async (status, body, text) => {
    await expect(putMessages([message], busOf(status, body).bus)).rejects.toThrow(text);
  });
});
