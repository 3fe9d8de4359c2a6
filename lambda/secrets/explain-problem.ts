/** Says in one sentence why a secret could not be read and what to do, for each store and reason. */
import { mayBeComplete } from './arn.ts';
import { describeSecretRef, type SecretRef } from './secret-ref.ts';
import type { ProblemReason, ReadProblem } from './stores/secret-store.ts';

type Texts = Readonly<Record<ProblemReason, string>>;

/** What happened to a reference and what to do about it, in one sentence for an operator; never a value. */
export function explainProblem(ref: SecretRef, { reason, detail }: ReadProblem): string {
  const text = chooseTexts(ref, detail)[reason];
  return `${describeSecretRef(ref)} ${text}`;
}

function chooseTexts(ref: SecretRef, detail: string | undefined): Texts {
  if ('secret' in ref) return buildSecretTexts(ref, detail);
  if ('parameter' in ref) return buildParameterTexts(ref.parameter, detail);
  if ('env' in ref) return buildEnvironmentTexts(ref.env);
  return buildFileTexts(ref.file, detail);
}

const aborted = 'was not answered before the run had to end; nothing to do unless it happens again';

function formatDetail(detail: string | undefined): string {
  return detail === undefined ? '' : ` (${detail})`;
}

/** Problems of a whole value; stores that have no JSON members and no deletion share the texts. */
function buildCommonTexts(put: string, detail: string | undefined): Texts {
  return {
    'not-found': `does not exist; ${put}`,
    'no-value': `has no value yet; ${put}`,
    denied: `may not be read${formatDetail(detail)}`,
    credentials: `cannot be read without AWS credentials${formatDetail(detail)}; log in, or set AWS_PROFILE`,
    'no-region': 'lies in no known Region; set AWS_REGION, or name a Region in the AWS profile',
    decryption: `cannot be decrypted${formatDetail(detail)}`,
    deleted: 'is deleted',
    invalid: `cannot be read${formatDetail(detail)}`,
    'not-text': `holds bytes that are not UTF-8 text; ${put}`,
    'not-json': `is not a JSON object; ${put}`,
    'no-key': `lacks that key; ${put}`,
    empty: `is empty; ${put}`,
    unavailable: `could not be read${formatDetail(detail)}; nothing to do unless it lasts`,
    aborted,
  };
}

function buildSecretTexts(
  { secret, key }: { secret: string; key?: string | undefined },
  detail: string | undefined,
): Texts {
  const value = key === undefined ? '…' : `'{"${key}":"…"}'`;
  const put = `put it: aws secretsmanager put-secret-value --secret-id ${secret} --secret-string ${value}`;
  const create = `create it: aws secretsmanager create-secret --name ${secret} --secret-string ${value}`;
  // Secrets Manager takes a dash and six characters for the end of a whole ARN, also where they are a part of the name.
  const whole = mayBeComplete(secret) ? ', and give it whole, with the dash and six characters that AWS added' : '';
  const check = secret.startsWith('arn:') ? `check the ARN${whole}` : `check the name and the Region, or ${create}`;
  return {
    ...buildCommonTexts(put, detail),
    'not-found': `does not exist in this account and Region; ${check}`,
    denied:
      `may not be read by this role${formatDetail(detail)}; allow secretsmanager:GetSecretValue on it, ` +
      'and kms:Decrypt when it has a KMS key of its own',
    decryption: `cannot be decrypted${formatDetail(detail)}; enable its KMS key and allow kms:Decrypt on it`,
    deleted: `is marked for deletion; bring it back: aws secretsmanager restore-secret --secret-id ${secret}`,
    invalid: `is refused by Secrets Manager${formatDetail(detail)}; check the name or ARN`,
    'not-json': `is not a JSON object, so it has no keys; leave out the key, or ${put}`,
    'no-key': `lacks that key${detail === undefined ? '' : `; ${detail}`}; correct the key, or ${put}`,
    unavailable: `got no usable answer from Secrets Manager${formatDetail(detail)}; nothing to do unless it lasts`,
  };
}

function buildParameterTexts(name: string, detail: string | undefined): Texts {
  const put = `put it: aws ssm put-parameter --type SecureString --overwrite --name ${name} --value …`;
  return {
    ...buildCommonTexts(put, detail),
    'not-found': `does not exist in this account and Region; check the name and the Region, or ${put}`,
    denied:
      `may not be read by this role${formatDetail(detail)}; allow ssm:GetParameters on it, ` +
      'and kms:Decrypt when it has a KMS key of its own',
    decryption: `cannot be decrypted${formatDetail(detail)}; enable its KMS key and allow kms:Decrypt on it`,
    invalid: `is refused by Parameter Store${formatDetail(detail)}; check the name or ARN`,
    unavailable: `got no usable answer from Parameter Store${formatDetail(detail)}; nothing to do unless it lasts`,
  };
}

function buildEnvironmentTexts(name: string): Texts {
  return {
    ...buildCommonTexts(`set it: export ${name}=…`, undefined),
    'not-found': `is not set; set it: export ${name}=…`,
  };
}

function buildFileTexts(path: string, detail: string | undefined): Texts {
  return {
    ...buildCommonTexts('write the value to it', detail),
    'not-found': path.startsWith('~')
      ? 'does not exist; only a shell knows ~, so write the whole path'
      : 'does not exist; check the path, or write the value to it',
    denied: `may not be read by this user${formatDetail(detail)}; check its permissions: ls -l ${path}`,
    invalid: `cannot be used as a secret (${detail === 'EISDIR' ? 'it is a folder' : (detail ?? 'unreadable')})`,
  };
}
