import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { describeSecretRef, type SecretRef } from '../lambda/secrets/secret-ref.ts';
import { acknowledge } from './acknowledge.ts';
import { type CollectorSettings, keyOf } from './settings.ts';

/** A secret of Secrets Manager that the configuration refers to. */
export interface CollectorSecret {
  /** Name or ARN as the configuration has it. */
  readonly id: string;
  /** What a policy names: an ARN, with six `?` where Secrets Manager's own ending is not known. */
  readonly arn: string;
  /** Members of its JSON that the configuration refers to; empty for a secret that is used as a whole. */
  readonly keys: readonly string[];
  /** Whether the stack creates it, empty. */
  readonly isCreated: boolean;
}

export interface CollectorSecrets {
  readonly secrets: readonly CollectorSecret[];
  readonly parameters: readonly { readonly id: string; readonly arn: string }[];
  readonly key: kms.IKey | undefined;
}

/** Creates or imports every secret that the configuration refers to; values never pass through the stack. */
export function createSecrets(
  scope: Construct,
  refs: readonly SecretRef[],
  config: CollectorConfig,
  settings: CollectorSettings,
): CollectorSecrets {
  refuseOutsideAws(refs);
  const key = keyOf(scope, 'SecretsKey', settings.secretsKey, config.deployment.secretsKeyArn);
  const ids = [...new Set(refs.flatMap((ref) => ('secret' in ref ? [ref.secret] : [])))];
  const parameters = [...new Set(refs.flatMap((ref) => ('parameter' in ref ? [ref.parameter] : [])))];
  const secrets = ids.map((id): CollectorSecret => {
    const keys = refs.flatMap((ref) =>
      'secret' in ref && ref.secret === id && ref.key !== undefined ? [ref.key] : [],
    );
    const shared = { id, keys: [...new Set(keys)] };
    const given = settings.secrets?.[id];
    if (given !== undefined)
      return { ...shared, arn: given.secretFullArn ?? `${given.secretArn}-??????`, isCreated: false };
    if (id.startsWith('arn:')) return { ...shared, arn: withEnding(id), isCreated: false };
    if (config.deployment.secrets === 'import') return { ...shared, arn: arnOfName(scope, id), isCreated: false };
    return { ...shared, arn: createSecret(scope, id, key), isCreated: true };
  });
  return { secrets, parameters: parameters.map((id) => ({ id, arn: arnOfParameter(scope, id) })), key };
}

/** Those that one part of the stack refers to. */
export function secretsFor(
  { secrets, parameters, key }: CollectorSecrets,
  refs: readonly SecretRef[],
): CollectorSecrets {
  const isSecret = (id: string): boolean => refs.some((ref) => 'secret' in ref && ref.secret === id);
  const isParameter = (id: string): boolean => refs.some((ref) => 'parameter' in ref && ref.parameter === id);
  return {
    secrets: secrets.filter(({ id }) => isSecret(id)),
    parameters: parameters.filter(({ id }) => isParameter(id)),
    key,
  };
}

/** Allows to read exactly these secrets and parameters. */
export function grantReadSecrets(grantee: iam.IGrantable, { secrets, parameters, key }: CollectorSecrets): void {
  const principal = grantee.grantPrincipal;
  const allow = (sid: string, actions: string[], resources: readonly string[], conditions?: Conditions): void => {
    if (resources.length === 0) return;
    const statement = { sid, actions, resources: [...resources], ...(conditions === undefined ? {} : { conditions }) };
    principal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  };
  const arns = secrets.map(({ arn }) => arn);
  allow('ReadSecrets', ['secretsmanager:GetSecretValue'], arns);
  // One call for several secrets; which ones it may return is decided by the statement above.
  allow('ReadSecretsTogether', ['secretsmanager:BatchGetSecretValue'], arns.length > 1 ? ['*'] : []);
  const parameterArns = parameters.map(({ arn }) => arn);
  allow('ReadParameters', ['ssm:GetParameters'], parameterArns);
  const services = [...(arns.length > 0 ? ['secretsmanager'] : []), ...(parameterArns.length > 0 ? ['ssm'] : [])];
  if (key === undefined || services.length === 0) return;
  allow('DecryptSecrets', ['kms:Decrypt'], [key.keyArn], {
    StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${Aws.REGION}.${Aws.URL_SUFFIX}`) },
  });
}

type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The schema knows where a configuration is used and refuses these; a configuration made in code comes past it. */
function refuseOutsideAws(refs: readonly SecretRef[]): void {
  const unreachable = refs.find((ref) => 'env' in ref || 'file' in ref);
  if (unreachable === undefined) return;
  const place = describeSecretRef(unreachable);
  throw new Error(
    `${place} cannot be read in AWS Lambda; put the value into Secrets Manager and write { secret: NAME }`,
  );
}

function createSecret(scope: Construct, name: string, key: kms.IKey | undefined): string {
  // The L2 construct would generate a value, and the collector would send it to the CI system as a token.
  const secret = new secretsmanager.CfnSecret(scope, `Secret:${name}`, {
    name,
    description: 'Credentials of the CI metrics collector. Created empty; an operator puts the value.',
    ...(key === undefined ? {} : { kmsKeyId: key.keyArn }),
  });
  // A token that was put by hand must not vanish with the stack.
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
  acknowledge(secret, 'AwsSolutions-SMG4', 'The CI system issues the token and has no interface to rotate it.');
  return secret.ref;
}

/** Secrets Manager ends every ARN with a dash and six characters of its own (Secrets Manager user guide, "ARN"). */
function withEnding(arn: string): string {
  return /-[A-Za-z0-9]{6}$/.test(arn) ? arn : `${arn}-??????`;
}

function arnOfName(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** `/ci/token` and `ci` are `parameter/ci/token` and `parameter/ci` (IAM reference of Systems Manager). */
function arnOfParameter(scope: Construct, parameter: string): string {
  if (parameter.startsWith('arn:')) return parameter;
  return Stack.of(scope).formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: parameter.replace(/^\//, ''),
  });
}
