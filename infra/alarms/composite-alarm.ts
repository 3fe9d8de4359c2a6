/** Makes alarms that depend on the states of other alarms. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { describeAlarm, formatAlarmId, formatAlarmName } from './alarm-plan.ts';

/** The alarms that a rule may name, by the last part of their names. */
export type AlarmsByName = ReadonlyMap<string, cloudwatch.IAlarm>;

/** Makes a rule once the alarms that it names exist. */
export type Rule = (alarms: AlarmsByName) => cloudwatch.IAlarmRule;

/** An alarm on the states of others, so that one cause is told once. */
export interface CompositePlan {
  /** Unique in the collector: the last part of the alarm's name. */
  readonly name: string;
  readonly description: string;
  readonly rule: Rule;
  /** Names of the alarms that it tells for. */
  readonly parts: readonly string[];
  /** The alarm during which this one changes its state and does not notify. */
  readonly silencedBy?: string;
}

/**
 * Alarms are evaluated once a minute, in no order. So this one waits a minute for the other to go off first, and another
 * minute after the other has ended.
 */
const settling = Duration.minutes(1);

export function createCompositeAlarm(
  scope: Construct,
  config: CollectorConfig,
  plan: CompositePlan,
  alarms: AlarmsByName,
): cloudwatch.CompositeAlarm {
  const { name, rule, silencedBy } = plan;
  return new cloudwatch.CompositeAlarm(scope, formatAlarmId(name), {
    compositeAlarmName: formatAlarmName(config.collector, name),
    alarmDescription: describeAlarm(config, plan),
    alarmRule: rule(alarms),
    ...(silencedBy === undefined
      ? {}
      : {
          actionsSuppressor: getAlarm(alarms, silencedBy),
          actionsSuppressorWaitPeriod: settling,
          actionsSuppressorExtensionPeriod: settling,
        }),
  });
}

export function matchOn(name: string): Rule {
  return matchState(name, cloudwatch.AlarmState.ALARM);
}

export function matchOk(name: string): Rule {
  return matchState(name, cloudwatch.AlarmState.OK);
}

export function matchAnyOn(names: readonly string[]): Rule {
  return joinByOr(names.map(matchOn));
}

export function joinByOr(rules: readonly Rule[]): Rule {
  return (alarms) => {
    const operands = rules.map((rule) => rule(alarms));
    // eslint-disable-next-line no-restricted-syntax -- CloudWatch takes 100 alarms in a rule, and a plan has a few.
    return cloudwatch.AlarmRule.anyOf(...operands);
  };
}

export function joinByAnd(one: Rule, other: Rule): Rule {
  return (alarms) => cloudwatch.AlarmRule.allOf(one(alarms), other(alarms));
}

function matchState(name: string, state: cloudwatch.AlarmState): Rule {
  return (alarms) => cloudwatch.AlarmRule.fromAlarm(getAlarm(alarms, name), state);
}

function getAlarm(alarms: AlarmsByName, name: string): cloudwatch.IAlarm {
  const alarm = alarms.get(name);
  if (alarm === undefined) throw new Error(`a composite alarm needs the alarm ${name}, which is not made before it`);
  return alarm;
}
