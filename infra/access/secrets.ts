/** Makes or imports the secrets of the configuration, and lets functions read them. */
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ArnFormat, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { mayBeComplete, findArnRegion } from '../../lambda/secrets/arn.ts';
import { describeSecretRef, type SecretRef } from '../../lambda/secrets/secret-ref.ts';
import { acknowledge } from '../acknowledge.ts';
import { findFreeId } from '../free-id.ts';
import { type CollectorSettings, resolveKey } from '../settings.ts';
import { allowAll, type Rights } from './statements.ts';

/** A secret of Secrets Manager that the configuration refers to. */
export interface CollectorSecret {
  /** Name or ARN as the configuration has it. */
  readonly id: string;
  /** What a policy names: ARNs, with six `?` where Secrets Manager's own ending is not known. */
  readonly arns: readonly string[];
  /** Where it lies, and so the Region of the key that decrypts it. */
  readonly region: string;
  /** A customer's key of this one secret, where code gave it. */
  readonly keyArn?: string;
  /** Members of its JSON that the configuration refers to; empty for a secret that is used as a whole. */
  readonly keys: readonly string[];
  /** Whether the stack creates it, empty. */
  readonly isCreated: boolean;
}

interface CollectorParameter {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
}

export interface CollectorSecrets {
  readonly secrets: readonly CollectorSecret[];
  readonly parameters: readonly CollectorParameter[];
  /** Keys that any of them may be encrypted with, as far as the deployment says. */
  readonly keyArns: readonly string[];
}

/** Creates or imports every secret that the configuration refers to; values never pass through the stack. */
export function createSecrets(
  scope: Construct,
  refs: readonly SecretRef[],
  config: CollectorConfig,
  settings: CollectorSettings,
): CollectorSecrets {
  refuseOutsideAws(refs);
  const { region: own } = Stack.of(scope);
  const key = resolveKey(scope, 'SecretsKey', settings.secretsKey, config.deployment.secretsKeyArn);
  const ids = [...new Set(refs.flatMap((ref) => ('secret' in ref ? [ref.secret] : [])))];
  const parameters = [...new Set(refs.flatMap((ref) => ('parameter' in ref ? [ref.parameter] : [])))];
  const secrets = ids.map((id): CollectorSecret => {
    const keys = refs.flatMap((ref) =>
      'secret' in ref && ref.secret === id && ref.key !== undefined ? [ref.key] : [],
    );
    const shared = { id, keys: [...new Set(keys)], region: findArnRegion(id) ?? own, isCreated: false };
    const given = settings.secrets?.[id];
    if (given !== undefined) return { ...shared, ...describeGivenSecret(given) };
    if (id.startsWith('arn:')) return { ...shared, arns: formatArnPatterns(id) };
    if (config.deployment.secrets === 'import') return { ...shared, arns: [formatSecretArn(scope, id)] };
    return { ...shared, arns: [createSecret(scope, id, key)], isCreated: true };
  });
  return {
    secrets,
    parameters: parameters.map((id) => ({
      id,
      arn: formatParameterArn(scope, id),
      region: findArnRegion(id) ?? own,
    })),
    keyArns: [...(key === undefined ? [] : [key.keyArn]), ...(config.deployment.importedSecretsKeyArns ?? [])],
  };
}

function describeGivenSecret(given: secretsmanager.ISecret): Pick<CollectorSecret, 'arns' | 'region' | 'keyArn'> {
  return {
    arns: [given.secretFullArn ?? `${given.secretArn}-??????`],
    region: given.env.region,
    ...(given.encryptionKey === undefined ? {} : { keyArn: given.encryptionKey.keyArn }),
  };
}

/** Those that one part of the stack refers to. */
export function selectSecrets(
  { secrets, parameters, keyArns }: CollectorSecrets,
  refs: readonly SecretRef[],
): CollectorSecrets {
  const isSecret = (id: string): boolean => refs.some((ref) => 'secret' in ref && ref.secret === id);
  const isParameter = (id: string): boolean => refs.some((ref) => 'parameter' in ref && ref.parameter === id);
  return {
    secrets: secrets.filter(({ id }) => isSecret(id)),
    parameters: parameters.filter(({ id }) => isParameter(id)),
    keyArns,
  };
}

/** Allows to read exactly these secrets and parameters. */
export function grantReadSecrets(grantee: iam.IGrantable, { secrets, parameters, keyArns }: CollectorSecrets): void {
  const principal = grantee.grantPrincipal;
  const allow = (
    sid: string,
    actions: readonly string[],
    resources: Rights['resources'],
    conditions?: Rights['conditions'],
  ): void => {
    allowAll(principal, { sid, actions, resources, ...(conditions === undefined ? {} : { conditions }) });
  };
  const arns = secrets.flatMap(({ id, arns: own }) => own.map((arn) => ({ arn, name: id })));
  allow('ReadSecrets', ['secretsmanager:GetSecretValue'], arns);
  // One call for several secrets; which ones it may return is decided by the statement above.
  allow('ReadSecretsTogether', ['secretsmanager:BatchGetSecretValue'], secrets.length > 1 ? ['*'] : []);
  const parameterArns = parameters.map(({ id, arn }) => ({ arn, name: id }));
  allow('ReadParameters', ['ssm:GetParameters'], parameterArns);
  const ownKeys = secrets.flatMap(({ keyArn }) => (keyArn === undefined ? [] : [keyArn]));
  const places = [
    ...secrets.map(({ region }) => `secretsmanager.${region}`),
    ...parameters.map(({ region }) => `ssm.${region}`),
  ];
  if (places.length === 0) return;
  // A key decrypts in its own Region only, for the service of that Region.
  const services = [...new Set(places)].map((place) => `${place}.${Aws.URL_SUFFIX}`);
  allow('DecryptSecrets', ['kms:Decrypt'], [...new Set([...keyArns, ...ownKeys])], {
    StringEquals: { 'kms:ViaService': services },
  });
}

/** The schema refuses these references for AWS, but a configuration that is made in code is not checked by it. */
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
  const secret = new secretsmanager.CfnSecret(scope, findFreeId(scope, `Secret:${name}`), {
    name,
    description: 'Credentials of the CI metrics collector. Created empty; an operator puts the value.',
    ...(key === undefined ? {} : { kmsKeyId: key.keyArn }),
  });
  // A token that was put by hand must not vanish with the stack. One of a first deployment that failed is empty and goes
  // with it: its name is fixed, and what stayed would be in the way of the next deployment.
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  acknowledge(secret, 'AwsSolutions-SMG4', 'The CI system issues the token and has no interface to rotate it.');
  return secret.ref;
}

/**
 * Secrets Manager ends every ARN with a dash and six characters of its own (Secrets Manager user guide, "ARN"). Of
 * `…:secret:ci/buildkite-tokens` it is not known whether `tokens` are these six or belong to the name; both are allowed.
 */
function formatArnPatterns(arn: string): readonly string[] {
  return [...(mayBeComplete(arn) ? [arn] : []), `${arn}-??????`];
}

function formatSecretArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** `/ci/token` and `ci` are `parameter/ci/token` and `parameter/ci` (IAM reference of Systems Manager). */
function formatParameterArn(scope: Construct, parameter: string): string {
  if (parameter.startsWith('arn:')) return parameter;
  return Stack.of(scope).formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: parameter.replace(/^\//, ''),
  });
}
