/** Turns recorded requests of AWS SDK clients into the IAM actions and resources that they need. */
import * as z from 'zod';
import type { RecordedRequest as CloudWatchRequest } from '../support/backends/cloudwatch-fake.ts';
import { arn } from './intrinsics.ts';
import type { AwsCall } from './policies.ts';

/** A request of an SDK client, as far as it says what is asked of whom. */
export interface SdkRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Undoes what a deployment made of a name in the template. */
export type LogicalName = (deployed: string) => string;

const services: Readonly<Record<string, string>> = {
  AmazonSQS: 'sqs',
  DynamoDB_20120810: 'dynamodb',
  secretsmanager: 'secretsmanager',
};

/** Operations on several messages need the right for one (Service authorization reference, Amazon SQS). */
const actions: Readonly<Record<string, string>> = {
  'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
  'sqs:SendMessageBatch': 'sqs:SendMessage',
};

const Asked = z.object({
  TableName: z.string().optional(),
  QueueUrl: z.string().optional(),
  SecretId: z.string().optional(),
  SecretIdList: z.array(z.string()).optional(),
});

/** What IAM is asked when a request arrives; an unexpected service throws, so that no call goes unjudged. */
export function callsOf(request: SdkRequest, logical: LogicalName = (name) => name): readonly AwsCall[] {
  const [target = '', operation = ''] = (request.headers['x-amz-target'] ?? '').split('.');
  const service = services[target];
  if (service === undefined) throw new Error(`a call to a service that is not expected: ${target}.${operation}`);
  const asked = Asked.parse(JSON.parse(request.body.toString('utf8')));
  if (service === 'secretsmanager') {
    return secretCalls(operation, asked.SecretIdList ?? (asked.SecretId === undefined ? [] : [asked.SecretId]));
  }
  const name = asked.TableName ?? asked.QueueUrl?.split('/').at(-1) ?? '';
  const resource = service === 'dynamodb' ? `table/${logical(name)}` : logical(name);
  const action = `${service}:${operation}`;
  return [{ action: actions[action] ?? action, resource: arn(service, resource) }];
}

/** A batch needs the right to read each of its secrets as well (Secrets Manager API reference, BatchGetSecretValue). */
export function secretCalls(operation: string, ids: readonly string[]): readonly AwsCall[] {
  const reads = ids.map((id) => ({
    action: 'secretsmanager:GetSecretValue',
    resource: arn('secretsmanager', `secret:${id}-AbCdEf`),
  }));
  return operation === 'BatchGetSecretValue'
    ? [{ action: `secretsmanager:${operation}`, resource: '*' }, ...reads]
    : reads;
}

export function metricCall({ operation, namespace = '' }: CloudWatchRequest): AwsCall {
  return { action: `cloudwatch:${operation}`, resource: '*', context: { 'cloudwatch:namespace': namespace } };
}
