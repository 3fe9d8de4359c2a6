/** Which metrics the alarms of a stack can read: those of its own Region. */
import { Token } from 'aws-cdk-lib/core';
import { checkAlarms } from '../lambda/config/alarm-checks.ts';
import { ConfigError } from '../lambda/config/config-error.ts';
import type { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import type { Prepared } from './prepared.ts';

/** The configuration without the sinks whose metrics the stack's alarms cannot read. */
export function inReachOf(prepared: Prepared, region: string): Prepared {
  return { ...prepared, cloudWatchSinks: prepared.cloudWatchSinks.filter((sink) => isHere(sink, region)) };
}

/** Alarms cannot read another Region's metrics; an unknown Region of the stack is taken at its word. */
function isHere(sink: CloudWatchConfig, region: string): boolean {
  return sink.region === undefined || (!Token.isUnresolved(region) && sink.region === region);
}

/**
 * What the checks of the file let pass because some sink publishes it, which only the stack knows to be in another Region.
 * @throws ConfigError for an alarm that was asked for and could never go off.
 */
export function checkReach(prepared: Prepared, region: string): void {
  const { config } = prepared;
  const sinks = inReachOf(prepared, region).cloudWatchSinks;
  const [asked] = (['queues', 'pipelines'] as const).filter((list) => config.alarms[list].length > 0);
  if (asked !== undefined && sinks.length === 0) {
    const message =
      'needs a cloudwatch sink in the Region of the stack: an alarm cannot read another Region; leave out "region" of the sink, or remove the alarms';
    throw new ConfigError('the configuration', [{ path: `alarms.${asked}`, message }]);
  }
  const issues = checkAlarms({ ...config, sinks });
  if (issues.length === 0) return;
  const problems = issues.map(({ path, message }) => ({ path: path.slice(0, 2).join('.'), message }));
  throw new ConfigError('the configuration', problems);
}
