/** Starts moto's server, which has AWS APIs in memory on loopback. */
import { join } from 'node:path';
import { answersOk, startOnFreePort } from './process.ts';
import { serverFor } from './require.ts';

const command = join(import.meta.dirname, '../../.venv/bin/moto_server');

/** A `describe` for tests against moto's server. */
export const withMoto = serverFor(
  'moto',
  command,
  'python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt',
);

export interface AwsServer extends AsyncDisposable {
  readonly url: string;
  /** What an AWS SDK client needs to talk to it. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  close(): Promise<void>;
}

/** moto's AWS APIs in memory, on loopback. */
export async function startMoto(): Promise<AwsServer> {
  const { process, port } = await startOnFreePort((free) => ({
    name: 'moto',
    command,
    args: ['-H', '127.0.0.1', '-p', String(free)],
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/moto-api/data.json`),
    // It is Python that imports every AWS service; on a busy machine that takes a while.
    readyWithinMs: 180_000,
  }));
  const url = `http://127.0.0.1:${String(port)}`;
  const close = (): Promise<void> => process.stop();
  return {
    url,
    clientConfig: {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
