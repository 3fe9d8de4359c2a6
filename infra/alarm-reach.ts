import { Token } from 'aws-cdk-lib/core';
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
