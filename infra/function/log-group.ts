/** Makes the log group of a function. */
import * as logs from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { type CollectorSettings, resolveKey } from '../settings.ts';

/** The log of a function: kept and encrypted as the deployment says, and gone with the stack. */
export function createLogGroup(
  scope: Construct,
  id: string,
  { deployment }: CollectorConfig,
  settings: CollectorSettings,
): logs.LogGroup {
  const encryptionKey = resolveKey(scope, `${id}Key`, settings.logKey, deployment.logKeyArn);
  return new logs.LogGroup(scope, id, {
    retention: settings.logRetention ?? findRetention(deployment.logRetentionDays),
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
}

/** The enum's values are the days themselves; the schema takes exactly these. */
function findRetention(days: number): logs.RetentionDays {
  const known = Object.values(logs.RetentionDays).find((value) => Number(value) === days);
  if (typeof known === 'number') return known;
  throw new RangeError(`CloudWatch Logs cannot keep a log for ${String(days)} days`);
}
