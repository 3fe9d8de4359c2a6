/** Deploys the stack to an AWS emulator, with everything around it that the function talks to. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { type MiniStack, startMiniStack } from '../servers/ministack.ts';
import { startAwsPath } from '../servers/aws-path.ts';
import { type CloudWatchFake, startCloudWatchFake } from '../support/backends/cloudwatch-fake.ts';
import type { LoopbackServer } from '../support/network/loopback-server.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

export interface RunAnswer {
  readonly outcome: string;
  readonly sources: readonly { readonly status: string; readonly problems: readonly { readonly kind: string }[] }[];
}

/** The stack of this repository in an AWS emulator, with everything around it that the function talks to. */
export interface DeployedStack extends AsyncDisposable {
  readonly aws: MiniStack;
  /** Takes the function's metrics, by CloudWatch's own rules. */
  readonly cloudwatch: CloudWatchFake;
  /** Sees every other call of the function to AWS on its way. */
  readonly calls: LoopbackServer;
  /** Deploys by the CDK CLI. */
  deploy(collectorYaml: string): Promise<void>;
  destroy(): Promise<void>;
  outputs(): Promise<string>;
  template(): Promise<Template>;
  putSecret(id: string, value: object): Promise<void>;
  /** Invokes the function for a scheduled time and waits for its answer. */
  tick(scheduledMs: number): Promise<RunAnswer>;
  functions(): Promise<readonly string[]>;
  /** A call to one of the JSON services, such as `AWSEvents.PutEvents`. */
  call(target: string, body: object): Promise<unknown>;
}

export async function emulatedStack(namespaces: readonly string[]): Promise<DeployedStack> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-deployment-'));
  const aws = await startMiniStack();
  const [cloudwatch, calls] = await Promise.all([startCloudWatchFake({ namespaces }), startAwsPath(aws.url)]);
  const assembly = join(folder, 'cdk.out');
  const config = join(folder, 'collector.yaml');
  let isBootstrapped = false;

  async function cdk(...args: readonly string[]): Promise<void> {
    const context = {
      config,
      emulator: '1',
      cloudWatchEndpoint: cloudwatch.url,
      awsEndpoint: calls.url,
    };
    const flags = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    await run('cdk', [...args, ...flags, '--output', assembly, '--no-notices'], {
      cwd: repository,
      env: { ...process.env, ...aws.environment, CI: 'true' },
      maxBuffer: 16 * 1024 * 1024,
    });
  }

  async function deploy(collectorYaml: string): Promise<void> {
    await writeFile(config, collectorYaml);
    if (!isBootstrapped) await cdk('bootstrap', 'aws://000000000000/us-east-1');
    isBootstrapped = true;
    await cdk('deploy', '--require-approval', 'never', '--outputs-file', join(folder, 'outputs.json'));
  }

  const functions = (): Promise<readonly string[]> => functionNames(aws.url);
  return {
    aws,
    cloudwatch,
    calls,
    deploy,
    destroy: () => cdk('destroy', '--force'),
    outputs: () => readFile(join(folder, 'outputs.json'), 'utf8'),
    template: async () => Template.fromJSON(await templateIn(assembly)),
    putSecret: (id, value) => putSecret(aws.url, id, value),
    tick: async (scheduledMs) => invoke(aws.url, await functions(), scheduledMs),
    functions,
    call: (target, body) => call(aws.url, target, body),
    [Symbol.asyncDispose]: async () => {
      await aws[Symbol.asyncDispose]();
      await Promise.all([cloudwatch.close(), calls.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const Functions = z.object({ Functions: z.array(z.object({ FunctionName: z.string() })) });

async function functionNames(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/2015-03-31/functions/`);
  return Functions.parse(await answer.json()).Functions.map(({ FunctionName }) => FunctionName);
}

const Answer = z.object({
  outcome: z.string(),
  sources: z.array(
    z.looseObject({ status: z.string(), problems: z.array(z.looseObject({ kind: z.string() })).default([]) }),
  ),
});

async function invoke(url: string, [name, ...others]: readonly string[], scheduledMs: number): Promise<RunAnswer> {
  if (name === undefined || others.length > 0) throw new Error('the stack should have exactly one function');
  const answer = await fetch(`${url}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': 'RequestResponse' },
    body: JSON.stringify({ scheduledTime: new Date(scheduledMs).toISOString() }),
  });
  const text = await answer.text();
  if (answer.headers.has('x-amz-function-error')) throw new Error(`the function failed: ${text}`);
  return Answer.parse(JSON.parse(text));
}

async function call(url: string, target: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${target} answered ${String(answer.status)}: ${text}`);
  return JSON.parse(text);
}

async function putSecret(endpoint: string, SecretId: string, value: object): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SecretsManagerClient({ endpoint, region: 'us-east-1', credentials });
  await client.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(value) }));
  client.destroy();
}

async function templateIn(assembly: string): Promise<Record<string, unknown>> {
  const [name, ...others] = (await readdir(assembly)).filter((file) => file.endsWith('.template.json'));
  if (name === undefined || others.length > 0) throw new Error('the app should have exactly one stack');
  const text = await readFile(join(assembly, name), 'utf8');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}
