/** Plays the messenger of alarms in a simulated account: the real function decides and writes, the real rules deliver. */
import { decideTellings } from '../../../lambda/alarms/decide.ts';
import type { AlarmReader, StandingAlarm } from '../../../lambda/alarms/alarm-reader.ts';
import { parseChange } from '../../../lambda/alarms/change.ts';
import { type AlarmMessage, buildMessage } from '../../../lambda/alarms/message.ts';
import { type Delivered, deliverMessage } from '../alarms/deliver-message.ts';
import type { Synthesis } from '../synthesis.ts';
import type { AccountOptions, Described, Told } from './account.ts';
import { play, type PlayOptions, startMinute } from './play.ts';
import type { CompositeAlarm, MetricAlarm } from './template-alarms.ts';

/** What a receiver got, and when. */
export interface Received extends Delivered {
  readonly minute: number;
  readonly message: AlarmMessage;
}

/** Plays a history, and hands every change to the messenger with the states of that moment. */
export async function playMessages(
  synthesis: Synthesis,
  options: Omit<PlayOptions, 'onTold'>,
): Promise<readonly Received[]> {
  const { prepared, template } = synthesis;
  const changes: { readonly told: Told; readonly standing: readonly Described[] }[] = [];
  const onTold: AccountOptions['onTold'] = (told, describe) => {
    if (isHeard(told)) changes.push({ told, standing: describe() });
  };
  play(synthesis, { ...options, onTold });
  const received: Received[] = [];
  for (const { told, standing } of changes) {
    const tellings = await decideTellings(parseChange(writeChange(told)), readStates(standing));
    for (const telling of tellings) {
      const message = buildMessage(telling, { ...sender, collector: prepared.config.collector });
      const minute = Math.floor(told.nowSeconds / 60) - startMinute;
      received.push(...deliverMessage(template, message).map((one) => ({ ...one, minute, message })));
    }
  }
  return received;
}

const sender = {
  account: '111122223333',
  region: 'eu-west-1',
  console: 'console.aws.amazon.com',
  logGroup: '/ci/log',
  dashboard: '',
  runbook: '',
  ciPages: {},
};

/** Actions go to the function where it is one of them; of events its rules take queues, and ends of whole alarms. */
function isHeard({ by, definition, state, contributor }: Told): boolean {
  if (by === 'event') return contributor !== undefined || state !== 'ALARM';
  const actions = state === 'ALARM' ? definition.AlarmActions : definition.OKActions;
  return actions.some((action) => action.includes(':lambda:'));
}

/** CloudWatch user guide, "Alarm events and EventBridge" and "Invoke a Lambda function from an alarm". */
function writeChange({ by, definition, state, nowSeconds, contributor, isMuted, isSuppressed }: Told): unknown {
  const detail = {
    alarmName: definition.AlarmName,
    ...(contributor === undefined ? {} : { alarmContributor: { id: '0', attributes: contributor } }),
    state: {
      value: state,
      reason: 'Threshold Crossed',
      timestamp: new Date(nowSeconds * 1000).toISOString().replace('Z', '+0000'),
      ...(isSuppressed ? { actionsSuppressedBy: 'Alarm' } : {}),
    },
    ...(contributor === undefined ? { previousState: { value: 'OK' } } : {}),
    ...(isMuted ? { muteDetail: { mutedByArn: 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:m' } } : {}),
    configuration: isComposite(definition)
      ? {
          alarmRule: definition.AlarmRule,
          ...(definition.ActionsSuppressor === undefined ? {} : { actionsSuppressor: definition.ActionsSuppressor }),
        }
      : { metrics: definition.Metrics.map(({ Expression: expression }) => ({ expression })) },
  };
  return by === 'action' ? { alarmData: detail } : { detail };
}

function isComposite(definition: MetricAlarm | CompositeAlarm): definition is CompositeAlarm {
  return 'AlarmRule' in definition;
}

function readStates(standing: readonly Described[]): AlarmReader {
  const find = (alarm: string): Described | undefined =>
    standing.find(({ definition }) => definition.AlarmName === alarm);
  const isNamedBy = (rule: string, { definition }: Described): boolean => rule.includes(`"${definition.arn}"`);
  const ruleOf = ({ definition }: Described): string => (isComposite(definition) ? definition.AlarmRule : '');
  return {
    readParents: (alarm) => {
      const child = find(alarm);
      const parents = standing.filter((one) => child !== undefined && isNamedBy(ruleOf(one), child));
      return Promise.resolve(parents.map(describeStanding));
    },
    readParts: (alarm) => {
      const whole = find(alarm);
      const parts = standing.filter((one) => whole !== undefined && isNamedBy(ruleOf(whole), one));
      return Promise.resolve(parts.map(describeStanding));
    },
    readContributors: (alarm) =>
      Promise.resolve(
        (find(alarm)?.contributors ?? []).map((attributes) => ({ attributes, reason: '', changedAt: '' })),
      ),
  };
}

function describeStanding({ definition, state, isSuppressed }: Described): StandingAlarm {
  const isWhole = isComposite(definition);
  const partKind =
    !isWhole && definition.Metrics.some(({ Expression = '' }) => Expression.includes('GROUP BY'))
      ? 'grouped'
      : 'single';
  return {
    name: definition.AlarmName,
    state,
    reason: '',
    changedAt: '',
    kind: isWhole ? 'composite' : partKind,
    hasSuppressor: isWhole && definition.ActionsSuppressor !== undefined,
    isSuppressed,
  };
}
