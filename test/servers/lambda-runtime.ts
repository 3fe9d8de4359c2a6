/** Runs a bundled function under AWS's own runtime interface client, as the Lambda service does. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { serverFor } from './require.ts';

/** Where `npm run setup:lambda-runtime` puts AWS's runtime interface client. */
const runtimeClientFolder = join(import.meta.dirname, 'lambda-ric/node_modules/aws-lambda-ric');

/** A `describe` for tests under the runtime interface client. */
export const withRuntimeClient = serverFor(
  "AWS's Lambda runtime interface client",
  join(runtimeClientFolder, 'rapid-client.node'),
  'npm run setup:lambda-runtime (needs cmake, make and g++)',
);

/** How one invocation ended, as the Lambda service sees it. */
export type InvocationEnd =
  | { readonly kind: 'response'; readonly body: unknown }
  | { readonly kind: 'error'; readonly body: unknown }
  | { readonly kind: 'init-error'; readonly body: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exit'; readonly code: number | null };

export interface LambdaOptions {
  /** Folder of the function's asset. */
  readonly asset: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Lambda kills the process at this age of an invocation. Milliseconds. */
  readonly timeoutMs?: number;
}

/** A function under AWS's own bootstrap: one process, invoked as often as wanted. */
export interface RunningLambda extends AsyncDisposable {
  invoke(event: unknown): Promise<InvocationEnd>;
  /** Lines written to standard output so far. */
  readonly stdout: () => readonly string[];
  readonly stderr: () => string;
  stop(): Promise<void>;
}

interface Waiting {
  readonly event: unknown;
  readonly settle: (end: InvocationEnd) => void;
}

/**
 * The Lambda Runtime API (`/2018-06-01/runtime/…`) on loopback, and the function's bundle under the runtime interface
 * client that runs in the real service. Freezing between invocations is not emulated.
 */
export async function startLambda(options: LambdaOptions): Promise<RunningLambda> {
  const timeoutMs = options.timeoutMs ?? 50_000;
  const pending: Waiting[] = [];
  const running = new Map<string, Waiting>();
  let idle: ServerResponse | undefined;

  const endAll = (end: InvocationEnd): void => {
    for (const waiting of [...running.values(), ...pending.splice(0)]) waiting.settle(end);
    running.clear();
  };
  const handOver = (): void => {
    const waiting = idle === undefined ? undefined : pending.shift();
    if (idle === undefined || waiting === undefined) return;
    const id = randomUUID();
    running.set(id, waiting);
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:collector',
    });
    idle.end(JSON.stringify(waiting.event));
    idle = undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      idle = response;
      handOver();
      return;
    }
    const body: unknown = JSON.parse((await textOf(request)) || 'null');
    const match = /^invocation\/([^/]+)\/(response|error)$/.exec(path);
    if (match === null) endAll({ kind: 'init-error', body });
    else {
      running.get(match[1] ?? '')?.settle({ kind: match[2] === 'error' ? 'error' : 'response', body });
      running.delete(match[1] ?? '');
    }
    response.writeHead(202).end();
  };

  const api = createServer((request, response) => void answer(request, response));
  const child = spawn(process.execPath, [join(runtimeClientFolder, 'index.mjs'), 'index.handler'], {
    cwd: options.asset,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      ...lambdaEnvironment(options.asset, await listen(api)),
      ...options.environment,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'exit');
  let code: number | null | undefined;
  child.once('exit', (status) => {
    code = status;
    endAll({ kind: 'exit', code: status });
  });

  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    api.closeAllConnections();
    api.close();
  };
  const invoke = async (event: unknown): Promise<InvocationEnd> => {
    if (code !== undefined) return { kind: 'exit', code };
    return new Promise((resolve) => {
      // The service kills the process; the next invocation would be a cold start.
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        resolve({ kind: 'timeout' });
      }, timeoutMs);
      const settle = (end: InvocationEnd): void => {
        clearTimeout(timer);
        resolve(end);
      };
      pending.push({ event, settle });
      handOver();
    });
  };
  const lines = (): readonly string[] => stdout.split('\n').filter((line) => line !== '');
  return { invoke, stdout: lines, stderr: () => stderr, stop, [Symbol.asyncDispose]: stop };
}

function lambdaEnvironment(asset: string, port: number): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${String(port)}`,
    _HANDLER: 'index.handler',
    LAMBDA_TASK_ROOT: asset,
    AWS_LAMBDA_FUNCTION_NAME: 'collector',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/collector',
    AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'INFO',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no port');
  return address.port;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
