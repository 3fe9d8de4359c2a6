/** Makes the DynamoDB table that counters are kept in. */
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Aws, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Prepared } from '../prepared.ts';
import { type CollectorSettings, resolveKey } from '../settings.ts';

/** Point-in-time recovery keeps this much; a totals' reset after a mistake is noticed within days (35 is the most). */
const recoveryDays = 14;

/**
 * The table that keeps the counters: one small document a source, read and replaced in each run. Undefined where no configured
 * source counts anything over time, because gauges need none.
 */
export function createStateTable(
  scope: Construct,
  { config, sources }: Prepared,
  settings: CollectorSettings,
): dynamodb.Table | undefined {
  if (!sources.some(({ needsState }) => needsState)) return undefined;
  const { stateTable, stateKeyArn } = config.deployment;
  const isKept = stateTable === 'retain';
  return new dynamodb.Table(scope, 'State', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'part', type: dynamodb.AttributeType.STRING },
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    // What a crash or a source that is no longer configured leaves behind.
    timeToLiveAttribute: 'expires',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: recoveryDays },
    ...chooseEncryption(resolveKey(scope, 'StateKey', settings.stateKey, stateKeyArn)),
    // Without the totals every counter begins at 0 again, so that neither a removed stack nor a replaced table loses
    // them. A table of a first deployment that failed has none, and goes with it. Deletion protection would hold that
    // one, too, and the rollback with it; what a hand deletes is in a backup for 35 days, because of the recovery above.
    removalPolicy: isKept ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
  });
}

/** Lets the function use exactly this table, by exactly the operations that its store has, and tells it the name. */
export function connectStateTable(table: dynamodb.Table, fn: lambda.Function, role: iam.IGrantable): void {
  fn.addEnvironment('COLLECTOR_STATE_TABLE', table.tableName);
  const principal = role.grantPrincipal;
  principal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'KeepState',
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
      resources: [table.tableArn],
    }),
  );
  const { encryptionKey: key } = table;
  if (key === undefined) return;
  // DynamoDB decrypts the table's own key as the caller, and does all else by grants of its own (DynamoDB developer
  // guide, "DynamoDB encryption at rest: usage notes").
  principal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'DecryptState',
      actions: ['kms:Decrypt'],
      resources: [key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
    }),
  );
}

function chooseEncryption(encryptionKey: kms.IKey | undefined): Partial<dynamodb.TableProps> {
  return encryptionKey === undefined
    ? { encryption: dynamodb.TableEncryption.AWS_MANAGED }
    : { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey };
}
