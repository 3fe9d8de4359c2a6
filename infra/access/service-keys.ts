/** Services of AWS that send to an encrypted queue or topic use its key themselves, and only the key's policy lets them. */
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';

type Conditions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Lets a service use the key for what it sends. A key that the stack knows by its ARN alone keeps its policy: there an
 * administrator allows it. EventBridge sends no `aws:SourceAccount` to KMS, and a condition on it would drop every event
 * (EventBridge user guide, "Encrypted topics"); CloudWatch sends it.
 */
export function allowService(key: kms.IKey | undefined, service: string, conditions: Conditions = {}): void {
  key?.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(service)],
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      // In a key's policy this is the key itself.
      resources: ['*'],
      conditions,
    }),
  );
}
