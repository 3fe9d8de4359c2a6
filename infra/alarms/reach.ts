/** Which metrics the alarms of a stack can read: those of its own Region. */
import { Token } from 'aws-cdk-lib/core';
import { checkAlarms } from '../../lambda/config/checks/check-alarms.ts';
import { ConfigError } from '../../lambda/config/config-error.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { OtlpConfig } from '../../lambda/sinks/otlp/config.ts';
import type { Prepared } from '../prepared.ts';

/**
 * The configuration without the sinks whose metrics the stack's alarms cannot read. What is written by OTLP is read only
 * where no `cloudwatch` sink is: a metric alarm keeps its state without data, and one in PromQL cannot for long.
 */
export function limitToReach(prepared: Prepared, region: string): Prepared {
  const cloudWatchSinks = prepared.cloudWatchSinks.filter((sink) => isHere(sink, region));
  const otlpSinks = prepared.otlpSinks.filter((sink) => isOtlpHere(sink, region));
  return { ...prepared, cloudWatchSinks, otlpSinks: cloudWatchSinks.length > 0 ? [] : otlpSinks };
}

/** Whether there is anything in reach. */
export function hasSink({ cloudWatchSinks, otlpSinks }: Prepared): boolean {
  return cloudWatchSinks.length + otlpSinks.length > 0;
}

/** The Region that its requests are signed for. */
function isOtlpHere({ auth }: OtlpConfig, region: string): boolean {
  return auth !== undefined && 'sigv4' in auth && !Token.isUnresolved(region) && auth.sigv4.region === region;
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
  const { cloudWatchSinks, otlpSinks } = limitToReach(prepared, region);
  const sinks = [...cloudWatchSinks, ...otlpSinks];
  const [asked] = (['queues', 'pipelines'] as const).filter((list) => config.alarms[list].length > 0);
  if (asked !== undefined && sinks.length === 0) {
    const message =
      'needs a cloudwatch sink in the Region of the stack, or an otlp one to CloudWatch there: an alarm cannot read another Region; leave out "region" of the sink, or remove the alarms';
    throw new ConfigError('the configuration', [{ path: `alarms.${asked}`, message }]);
  }
  const issues = checkAlarms({ ...config, sinks });
  if (issues.length === 0) return;
  const problems = issues.map(({ path, message }) => ({ path: path.slice(0, 2).join('.'), message }));
  throw new ConfigError('the configuration', problems);
}
