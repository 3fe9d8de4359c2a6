import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { alarmIdOf, alarmNameOf } from './alarm-plan.ts';

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
  /** The alarm during which this one changes its state and tells nobody. */
  readonly silencedBy?: string;
}

/**
 * Alarms of the same minute are evaluated within it, in no order: so long this one waits for the other to go off first,
 * and after the other is over for the state that it leaves.
 */
const settling = Duration.minutes(1);

export function createCompositeAlarm(
  scope: Construct,
  config: CollectorConfig,
  plan: CompositePlan,
  alarms: AlarmsByName,
): cloudwatch.CompositeAlarm {
  const { name, description, rule, silencedBy } = plan;
  return new cloudwatch.CompositeAlarm(scope, alarmIdOf(name), {
    compositeAlarmName: alarmNameOf(config.collector, name),
    alarmDescription: description,
    alarmRule: rule(alarms),
    ...(silencedBy === undefined
      ? {}
      : {
          actionsSuppressor: alarmNamed(alarms, silencedBy),
          actionsSuppressorWaitPeriod: settling,
          actionsSuppressorExtensionPeriod: settling,
        }),
  });
}

export function isOn(name: string): Rule {
  return inState(name, cloudwatch.AlarmState.ALARM);
}

export function isOk(name: string): Rule {
  return inState(name, cloudwatch.AlarmState.OK);
}

export function anyOf(names: readonly string[]): Rule {
  return either(names.map(isOn));
}

export function either(rules: readonly Rule[]): Rule {
  return (alarms) => {
    const operands = rules.map((rule) => rule(alarms));
    // eslint-disable-next-line no-restricted-syntax -- CloudWatch takes 100 alarms in a rule, and a plan has a few.
    return cloudwatch.AlarmRule.anyOf(...operands);
  };
}

export function both(one: Rule, other: Rule): Rule {
  return (alarms) => cloudwatch.AlarmRule.allOf(one(alarms), other(alarms));
}

function inState(name: string, state: cloudwatch.AlarmState): Rule {
  return (alarms) => cloudwatch.AlarmRule.fromAlarm(alarmNamed(alarms, name), state);
}

function alarmNamed(alarms: AlarmsByName, name: string): cloudwatch.IAlarm {
  const alarm = alarms.get(name);
  if (alarm === undefined) throw new Error(`a composite alarm needs the alarm ${name}, which is not made before it`);
  return alarm;
}
