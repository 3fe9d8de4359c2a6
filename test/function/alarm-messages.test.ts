/** Tests of the function that makes messages of alarms, as a process that is called by CloudWatch. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { canaries, expectNoCanary } from '../support/canary.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Calls the handler once, and prints its answer or its error. */
const program = `
const { handler } = await import('./lambda/alarm-messages.ts');
const context = { invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:messenger' };
try { console.log(JSON.stringify(await handler(JSON.parse(process.argv[1]), context))); }
catch (error) { console.log(JSON.stringify({ error: String(error) })); }
`;

const Sent = z.object({ Entries: z.array(z.object({ Source: z.string(), Detail: z.string() })) });

describe('the messenger of alarms', () => {
  const requests: { readonly target: unknown; readonly authorization: string; readonly body: string }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { 'x-amz-target': target, authorization = '' } = request.headers;
      requests.push({ target, authorization, body });
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] }));
    });
  });
  let url = '';

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;
  });

  afterAll(() => {
    server.close();
  });

  const call = async (event: object): Promise<string> => {
    requests.length = 0;
    const settings = { collector: 'ci-metrics', console: 'console.aws.amazon.com', logGroup: '/ci', dashboard: 'd' };
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(event)], {
      cwd: root,
      env: {
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: canaries.token,
        AWS_ENDPOINT_URL: url,
        ALARM_MESSAGES: JSON.stringify({ ...settings, runbook: '', ciPages: '{}' }),
      },
    });
    return stdout;
  };

  const over = {
    alarmData: {
      alarmName: 'ci-metrics/source-down/main',
      state: { value: 'OK', reason: 'Threshold Crossed', timestamp: '2026-03-01T03:12:45.123+0000' },
      previousState: { value: 'ALARM', timestamp: '2026-03-01T03:00:00.000+0000' },
      configuration: { metrics: [{ id: 'm1' }] },
    },
  };

  it('puts the message on the bus, signed as itself', async () => {
    const output = await call(over);

    expect(output).toContain('{"told":1}');
    const [request] = requests;
    expect(request?.target).toBe('AWSEvents.PutEvents');
    expect(request?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/events\/aws4_request/,
    );
    const [entry] = Sent.parse(JSON.parse(request?.body ?? '')).Entries;
    expect(entry?.Source).toBe('ci-metrics.alarms');
    expect(JSON.parse(entry?.Detail ?? '')).toMatchObject({
      about: 'alarm/source-down/main',
      state: 'OK',
      account: '111122223333',
      title: 'OK: source-down of main',
    });
    expectNoCanary(output);
  });

  it('throws where the bus refuses, so that Lambda calls again', async () => {
    status = 400;

    const output = await call(over);

    expect(output).toContain('PutEvents was answered with 400');
    expectNoCanary(output);
  });

  it('throws for what CloudWatch does not send', async () => {
    expect(await call({ hello: 'world' })).toContain('error');
    expect(requests).toEqual([]);
  });
});
