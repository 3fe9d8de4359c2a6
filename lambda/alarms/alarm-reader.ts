/** Asks CloudWatch how alarms stand now: their parts, what they are part of, and what in them is on. */
import {
  type CloudWatchClient,
  DescribeAlarmContributorsCommand,
  DescribeAlarmsCommand,
} from '@aws-sdk/client-cloudwatch';
import type { AlarmState, Contributor } from './change.ts';
import { chooseKind } from './change.ts';

/** An alarm as it stands. */
export interface StandingAlarm {
  readonly name: string;
  readonly state: AlarmState;
  readonly reason: string;
  /** ISO 8601. */
  readonly changedAt: string;
  readonly kind: 'composite' | 'grouped' | 'single';
  readonly hasSuppressor: boolean;
  /** Whether its actions are held back now. */
  readonly isSuppressed: boolean;
}

/** A queue or workflow that is on. */
export interface StandingContributor {
  readonly attributes: Contributor;
  readonly reason: string;
  /** ISO 8601; empty where CloudWatch does not say. */
  readonly changedAt: string;
}

export interface AlarmReader {
  /** The composite alarms of this collector whose rules name the alarm. */
  readParents(alarm: string): Promise<readonly StandingAlarm[]>;
  /** The alarms that the rule of a composite alarm names. */
  readParts(alarm: string): Promise<readonly StandingAlarm[]>;
  /** What is on in an alarm over many series. */
  readContributors(alarm: string): Promise<readonly StandingContributor[]>;
}

/**
 * @param prefix How the names of the collector's own alarms begin.
 * @param onUnread Called where CloudWatch does not name what is on in an alarm.
 */
export function createAlarmReader(
  client: Pick<CloudWatchClient, 'send'>,
  prefix: string,
  signal: AbortSignal,
  onUnread: (alarm: string, error: unknown) => void,
): AlarmReader {
  const options = { abortSignal: signal };
  const describe = async (names: readonly string[]): Promise<readonly StandingAlarm[]> => {
    const own = names.filter((name) => name.startsWith(prefix));
    if (own.length === 0) return [];
    const command = new DescribeAlarmsCommand({
      AlarmNames: own.slice(0, mostNames),
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    });
    const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(command, options);
    return [
      ...MetricAlarms.map((alarm) => ({
        ...pickState(alarm),
        kind: chooseKind(alarm.Metrics?.map(({ Expression: expression }) => ({ expression })) ?? ofOneMetric(alarm)),
        hasSuppressor: false,
        isSuppressed: false,
      })),
      ...CompositeAlarms.map((alarm) => ({
        ...pickState(alarm),
        kind: 'composite' as const,
        hasSuppressor: alarm.ActionsSuppressor !== undefined && alarm.ActionsSuppressor !== '',
        isSuppressed: alarm.ActionsSuppressedBy !== undefined,
      })),
    ];
  };
  return {
    readParents: async (alarm) => {
      const { CompositeAlarms = [] } = await client.send(
        new DescribeAlarmsCommand({ ParentsOfAlarmName: alarm }),
        options,
      );
      return await describe(CompositeAlarms.map(({ AlarmName = '' }) => AlarmName));
    },
    readParts: async (alarm) => {
      const answer = await client.send(new DescribeAlarmsCommand({ ChildrenOfAlarmName: alarm }), options);
      const { MetricAlarms = [], CompositeAlarms = [] } = answer;
      return await describe([...MetricAlarms, ...CompositeAlarms].map(({ AlarmName = '' }) => AlarmName));
    },
    readContributors: async (alarm) => {
      const command = new DescribeAlarmContributorsCommand({ AlarmName: alarm });
      // Better told without the names of its queues than not at all.
      const answer = await client.send(command, options).catch((error: unknown) => {
        onUnread(alarm, error);
        return undefined;
      });
      const AlarmContributors = answer?.AlarmContributors ?? [];
      return AlarmContributors.map(({ ContributorAttributes = {}, StateReason = '', StateTransitionedTimestamp }) => ({
        attributes: ContributorAttributes,
        reason: StateReason,
        changedAt: StateTransitionedTimestamp?.toISOString() ?? '',
      }));
    },
  };
}

/** DescribeAlarms API reference, AlarmNames. */
const mostNames = 100;

/** An alarm on one metric has a name of it, and no list. */
function ofOneMetric({ MetricName }: { readonly MetricName?: string | undefined }): readonly [] | undefined {
  return MetricName === undefined ? undefined : [];
}

interface Described {
  readonly AlarmName?: string | undefined;
  readonly StateValue?: AlarmState | undefined;
  readonly StateReason?: string | undefined;
  readonly StateUpdatedTimestamp?: Date | undefined;
}

function pickState({
  AlarmName = '',
  StateValue = 'INSUFFICIENT_DATA',
  StateReason = '',
  StateUpdatedTimestamp,
}: Described): Pick<StandingAlarm, 'name' | 'state' | 'reason' | 'changedAt'> {
  return {
    name: AlarmName,
    state: StateValue,
    reason: StateReason,
    changedAt: StateUpdatedTimestamp?.toISOString() ?? '',
  };
}
