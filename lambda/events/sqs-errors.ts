/** Explains why a queue of SQS could not be read, with a remedy. */
import { explainRunEnd } from '../runtime/abort.ts';
import { InboxError } from './inbox.ts';

/** AWS's names for refused credentials (SQS API reference, Common errors). */
const refused: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

const throttled: ReadonlySet<string> = new Set(['RequestThrottled', 'ThrottlingException', 'KmsThrottled']);

const absent: ReadonlySet<string> = new Set([
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'InvalidAddress',
]);

/** The error with queue, reason and remedy; AWS's own text, which may name the role, is only its cause. */
export function createInboxError(error: unknown, queueUrl: string, signal: AbortSignal): InboxError {
  const queue = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
  const name = error instanceof Error ? error.name : 'Error';
  const options = { cause: error };
  if (signal.aborted) {
    return new InboxError('timeout', `event queue ${queue}: not read before ${explainRunEnd(signal).event}`, options);
  }
  if (refused.has(name)) {
    const remedy = 'allow sqs:ReceiveMessage and sqs:DeleteMessage on it for the role of the function';
    return new InboxError('auth', `event queue ${queue}: AWS refused the credentials (${name}); ${remedy}`, options);
  }
  if (absent.has(name)) {
    const remedy = 'deploy the stack again, or remove `events` of the source';
    return new InboxError(
      'configuration',
      `event queue ${queue}: there is no such queue (${name}); ${remedy}`,
      options,
    );
  }
  if (throttled.has(name)) {
    return new InboxError('rate-limited', `event queue ${queue}: throttled (${name}); the next run goes on`, options);
  }
  const remedy = 'the events stay in it for the next run; in a VPC it needs an endpoint for SQS or a NAT';
  return new InboxError('unavailable', `event queue ${queue}: SQS could not be reached (${name}); ${remedy}`, options);
}
