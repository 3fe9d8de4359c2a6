import type { Construct } from 'constructs';

/** What changes when the stack is deployed to an AWS emulator on loopback instead of to AWS. */
export interface Emulation {
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Reads the context `emulator=1`. Emulators refuse composite alarms and alarms on expressions, and lose compressed
 * requests; the context `cloudWatchEndpoint` puts another server in the place of their CloudWatch.
 */
export function emulationOf(scope: Construct): Emulation | undefined {
  const flag: unknown = scope.node.tryGetContext('emulator');
  if (flag !== '1' && flag !== 1 && flag !== true && flag !== 'true') return undefined;
  const endpoint: unknown = scope.node.tryGetContext('cloudWatchEndpoint');
  return {
    environment: {
      AWS_DISABLE_REQUEST_COMPRESSION: 'true',
      COLLECTOR_LOOPBACK: 'allow',
      ...(typeof endpoint === 'string' ? { AWS_ENDPOINT_URL_CLOUDWATCH: endpoint } : {}),
    },
  };
}
