/** Starts MiniStack, an AWS emulator on loopback that deploys stacks and runs functions without Docker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { answersOk, startOnFreePort } from './process.ts';
import { serverFor } from './require.ts';

const command = join(import.meta.dirname, '../../.venv/bin/ministack');

export const withMiniStack = serverFor(
  'MiniStack',
  command,
  'python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt',
);

export interface MiniStack extends AsyncDisposable {
  readonly url: string;
  /** What the AWS CLI, the CDK CLI and SDK clients need to talk to it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly output: () => string;
}

/** An AWS emulator on loopback: deploys the stack, fires the schedule and runs the bundle without Docker. */
export async function startMiniStack(): Promise<MiniStack> {
  const home = await mkdtemp(join(tmpdir(), 'ci-metrics-ministack-'));
  const { process: server, port } = await startOnFreePort((free) => ({
    name: 'MiniStack',
    command,
    args: [],
    env: {
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(free),
      // Both listen on every address, whatever BIND_HOST says.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      // It runs functions with the `node` of PATH.
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      TMPDIR: home,
    },
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/_ministack/health`),
  }));
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      // The CLI remembers the account of an access key; another endpoint has another account.
      CDK_HOME: join(home, 'cdk'),
      CDK_DISABLE_CLI_TELEMETRY: '1',
    },
    output: () => server.output(),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
