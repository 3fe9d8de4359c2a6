/** What an error of the AWS SDK means for a secret that was to be read. */
import type { ProblemReason, ReadOutcome } from './secret-store.ts';
import { failRead } from './secret-store.ts';

/** The SDK sets these; all of them are optional because any error may arrive here. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** Error names of the Secrets Manager and SSM API references. */
const reasons: Readonly<Record<string, ProblemReason>> = {
  ResourceNotFoundException: 'not-found',
  ParameterNotFound: 'not-found',
  AccessDeniedException: 'denied',
  DecryptionFailure: 'decryption',
  DecryptionFailureException: 'decryption',
  InvalidKeyId: 'decryption',
  InvalidRequestException: 'invalid',
  InvalidParameterException: 'invalid',
  ValidationException: 'invalid',
  CredentialsProviderError: 'credentials',
  ExpiredTokenException: 'credentials',
  IncompleteSignatureException: 'credentials',
  InvalidClientTokenId: 'credentials',
  InvalidSignatureException: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  UnrecognizedClientException: 'credentials',
};

/** Names whose message is AWS's own text about the caller and the resource; any other message could quote a value. */
const harmlessMessages: ReadonlySet<string> = new Set(['AccessDeniedException', 'CredentialsProviderError']);

/** What an error of the AWS SDK means; a value, or an answer that holds one, never gets into the outcome. */
export function interpretAwsError(error: unknown, signal: AbortSignal): ReadOutcome {
  if (signal.aborted) return failRead('aborted');
  if (!(error instanceof Error)) return failRead('unavailable');
  return failRead(classifyError(error), formatDetail(error), copySafely(error));
}

/** Whether it passes by itself, so that another request at once would only add to the load. */
export function isTransient(outcome: ReadOutcome): boolean {
  return 'problem' in outcome && (outcome.problem.reason === 'unavailable' || outcome.problem.reason === 'aborted');
}

function classifyError(error: SdkError): ProblemReason {
  // Thrown by the SDK itself before anything is asked, as a plain Error.
  if (error.message === 'Region is missing') return 'no-region';
  // A secret that was created without a value: "can't find the specified secret value for staging label: AWSCURRENT".
  if (error.name === 'ResourceNotFoundException' && /staging label/i.test(error.message)) return 'no-value';
  if (error.name === 'InvalidRequestException' && /deletion|deleted/i.test(error.message)) return 'deleted';
  // Errors that are not listed are server errors, throttling, time-outs and broken connections.
  return Object.hasOwn(reasons, error.name) ? (reasons[error.name] ?? 'unavailable') : 'unavailable';
}

function formatDetail(error: SdkError): string {
  const { name, code, $metadata } = error;
  const status = $metadata?.httpStatusCode;
  const parts = [
    typeof code === 'string' && code !== name ? `${name} ${code}` : name,
    ...(status === undefined ? [] : [`HTTP ${String(status)}`]),
  ];
  return parts.join(', ');
}

/**
 * The SDK hangs the raw answer on some errors (`$response`, `$responseBodyText`), and a JSON error quotes the text that
 * it could not read: the copy keeps what identifies the problem and nothing else.
 */
function copySafely(error: SdkError): Error {
  const { name, message, $metadata } = error;
  const request = $metadata?.requestId === undefined ? '' : `, request ${$metadata.requestId}`;
  const copy = new Error(`${formatDetail(error)}${request}${harmlessMessages.has(name) ? `: ${message}` : ''}`);
  copy.name = name;
  return copy;
}
