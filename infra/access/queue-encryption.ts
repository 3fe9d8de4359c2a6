/** Every queue of the stack is encrypted alike: by the key of SQS, or by a customer's key that its senders may use. */
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Aws } from 'aws-cdk-lib/core';

/** What a queue is made with. */
export function chooseQueueEncryption(key: kms.IKey | undefined): Partial<sqs.QueueProps> {
  return key === undefined
    ? { encryption: sqs.QueueEncryption.SQS_MANAGED }
    : { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: key };
}

/** To send to an encrypted queue takes a data key and its decryption (SQS developer guide, "Key management"). */
const sending = ['kms:GenerateDataKey', 'kms:Decrypt'];

/** Lets a role send to queues of this key; by its service alone, so that it decrypts nothing else. */
export function allowSending(role: iam.IGrantable, key: kms.IKey | undefined): void {
  allowUse(role, key, 'SendEncrypted', sending);
}

/** Lets a role take from queues of this key. */
export function allowTaking(role: iam.IGrantable, key: kms.IKey | undefined): void {
  allowUse(role, key, 'TakeEncrypted', ['kms:Decrypt']);
}

function allowUse(role: iam.IGrantable, key: kms.IKey | undefined, sid: string, actions: readonly string[]): void {
  if (key === undefined) return;
  const statement = new iam.PolicyStatement({
    sid,
    actions: [...actions],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `sqs.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
  });
  role.grantPrincipal.addToPrincipalPolicy(statement);
}
