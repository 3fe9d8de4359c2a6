/** Makes the rules by which nobody is told of alarms at certain hours. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Duration, TimeZone } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ConfigError } from '../../../lambda/config/config-error.ts';
import type { Mute } from '../../../lambda/config/notify.ts';
import { matchSelection } from '../../../lambda/settings/glob.ts';
import type { MadeAlarm } from '../made-alarm.ts';

/** PutAlarmMuteRule API reference, MuteTargets: alarms of one rule. */
const mostAlarms = 100;

/** A collector that is dead tells of nothing else when the quiet hours end, so that it is told at once. */
const alwaysTold = { exclude: ['collector-down'] };

/** CloudFormation has these rules in every Region, as the CDK's own validation says. @throws ConfigError for one that mutes no alarm. */
export function muteAlarms(scope: Construct, mutes: readonly Mute[], alarms: readonly MadeAlarm[]): void {
  for (const [index, mute] of mutes.entries()) {
    const parent = new Construct(scope, `Mute${String(index + 1)}`);
    const chosen = chooseMuted(mute, alarms);
    if (chosen.length === 0) {
      const message = `chooses no alarm of this stack; there are: ${alarms.map(({ name }) => name).join(', ')}`;
      throw new ConfigError('the configuration', [{ path: `alarms.mute.${String(index)}.alarms`, message }]);
    }
    for (let start = 0; start < chosen.length; start += mostAlarms) {
      new cloudwatch.AlarmMuteRule(parent, `Rule${String(start / mostAlarms + 1)}`, {
        description: 'Quiet hours of alarms of the CI metrics collector.',
        schedule: cloudwatch.ScheduleExpression.expression(`cron(${mute.cron})`, TimeZone.of(mute.timeZone)),
        duration: Duration.minutes(mute.durationMinutes),
        alarms: chosen.slice(start, start + mostAlarms).map(({ alarm }) => alarm),
      });
    }
  }
}

/** With each its parts: the queues in them are told by events of their own, which say whether the part is muted. */
function chooseMuted({ alarms: selection = alwaysTold }: Mute, alarms: readonly MadeAlarm[]): readonly MadeAlarm[] {
  const isChosen = matchSelection(selection);
  const named = alarms.filter(({ name, isTold }) => isChosen(name) && (isTold || selection.include !== undefined));
  const parts = new Set(named.flatMap((alarm) => alarm.parts));
  return alarms.filter((alarm) => named.includes(alarm) || parts.has(alarm.name));
}
