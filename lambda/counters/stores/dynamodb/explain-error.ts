/** Explains what an error of DynamoDB means for the state, and what to do about it. */
import { StateStoreError } from '../store.ts';

/** The SDK sets these; all of them are optional because any error may arrive here. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

type Kind = StateStoreError['kind'];

interface Explained {
  readonly kind: Kind;
  readonly reason: string;
}

const noCredentials = 'AWS accepts no credentials of this process; log in, or set AWS_PROFILE';
const tooFast = 'is asked for more than it serves; nothing to do unless it lasts, then look for its maximum throughput';
const unanswered = 'did not answer in time; nothing to do unless it happens again';

/** Error names of the DynamoDB API reference ("Error handling with DynamoDB", "Common errors"). */
const explained: Readonly<Record<string, (error: SdkError) => Explained>> = {
  ResourceNotFoundException: () => ({
    kind: 'configuration',
    reason: 'does not exist in this account and Region; deploy the stack again, or check the name',
  }),
  ValidationException: ({ message }) => ({
    kind: 'configuration',
    reason: `refuses the request (${message}); its key must be id and part, both strings`,
  }),
  AccessDeniedException: ({ message }) => ({
    kind: 'auth',
    reason:
      `may not be used by this role (${message}); allow dynamodb:GetItem, dynamodb:PutItem and dynamodb:DeleteItem ` +
      'on it, and kms:Decrypt on its key when it has one of its own',
  }),
  CredentialsProviderError: ({ message }) => ({ kind: 'auth', reason: `cannot be used: ${message}; ${noCredentials}` }),
  ...Object.fromEntries(
    [
      'ExpiredTokenException',
      'IncompleteSignatureException',
      'InvalidSignatureException',
      'MissingAuthenticationTokenException',
      'UnrecognizedClientException',
    ].map((name) => [name, () => ({ kind: 'auth', reason: `cannot be used (${name}): ${noCredentials}` }) as const]),
  ),
  ...Object.fromEntries(
    ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'].map((name) => [
      name,
      () => ({ kind: 'rate-limited', reason: `${tooFast} (${name})` }) as const,
    ]),
  ),
  // The SDK gives broken connections this name as well.
  TimeoutError: (error) =>
    error.code === undefined || error.code === 'ETIMEDOUT'
      ? { kind: 'timeout', reason: unanswered }
      : explainUnusable(error),
};

/** What an error of the SDK means for the table at `place`. */
export function explainTableError(subject: string, error: unknown, signal: AbortSignal): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const { kind, reason } = signal.aborted ? { kind: 'timeout' as const, reason: unanswered } : explain(error);
  return new StateStoreError(kind, `${subject} ${reason}`, { cause: error });
}

function explain(error: unknown): Explained {
  if (!(error instanceof Error)) return { kind: 'unavailable', reason: 'could not be used' };
  if (error.message === 'Region is missing') {
    return { kind: 'configuration', reason: 'lies in no known Region; set AWS_REGION' };
  }
  const known = Object.hasOwn(explained, error.name) ? explained[error.name] : undefined;
  return known?.(error) ?? explainUnusable(error);
}

function explainUnusable(error: SdkError): Explained {
  return {
    kind: 'unavailable',
    reason: `got no usable answer (${formatDetail(error)}); nothing to do unless it lasts`,
  };
}

function formatDetail({ name, code, $metadata }: SdkError): string {
  const status = $metadata?.httpStatusCode;
  const parts = [
    typeof code === 'string' && code !== name ? `${name} ${code}` : name,
    ...(status === undefined ? [] : [`HTTP ${String(status)}`]),
  ];
  return parts.join(', ');
}
