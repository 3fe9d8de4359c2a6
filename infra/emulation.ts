/** Decides whether the stack is for an AWS emulator, and what the function is told then. */
import type { Construct } from 'constructs';

/** What changes when the stack is deployed to an AWS emulator on loopback instead of to AWS. */
export interface Emulation {
  readonly environment: Readonly<Record<string, string>>;
}

/** Where the configuration of a stack is used. */
export function findEnvironment(scope: Construct): 'lambda' | 'emulator' {
  return detectEmulation(scope) === undefined ? 'lambda' : 'emulator';
}

/**
 * Reads the context `emulator=1`. Emulators refuse composite alarms and alarms on expressions, and lose compressed
 * requests; the context `cloudWatchEndpoint` puts another server in the place of their CloudWatch, and `awsEndpoint` one
 * in the place of all their other services.
 */
export function detectEmulation(scope: Construct): Emulation | undefined {
  const flag: unknown = scope.node.tryGetContext('emulator');
  if (flag !== '1' && flag !== 1 && flag !== true && flag !== 'true') return undefined;
  return {
    environment: {
      AWS_DISABLE_REQUEST_COMPRESSION: 'true',
      COLLECTOR_LOOPBACK: 'allow',
      ...makeEndpoint('AWS_ENDPOINT_URL_CLOUDWATCH', scope.node.tryGetContext('cloudWatchEndpoint')),
      ...makeEndpoint('AWS_ENDPOINT_URL', scope.node.tryGetContext('awsEndpoint')),
    },
  };
}

function makeEndpoint(variable: string, url: unknown): Readonly<Record<string, string>> {
  return typeof url === 'string' ? { [variable]: url } : {};
}
