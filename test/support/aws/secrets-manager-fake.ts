/** AWS Secrets Manager on loopback, for what emulators cannot do: rotation, refusals and throttling. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';

/** What a stored secret answers; `error` stands for every way in which reading it can fail. */
export interface StoredSecret {
  readonly text?: string;
  readonly binary?: Uint8Array;
  readonly error?: AwsError;
}

export interface AwsError {
  readonly status: number;
  /** Short name, as in `__type`. */
  readonly type: string;
  readonly message?: string;
  /** A raw body instead of the AWS JSON error. */
  readonly body?: string;
}

export interface RecordedCall {
  readonly operation: string;
  readonly ids: readonly string[];
}

export interface SecretsManagerFake extends AsyncDisposable {
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly maxAttempts: number;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Stored secrets by name; a test changes them between two reads. */
  readonly stored: Map<string, StoredSecret>;
  readonly calls: RecordedCall[];
  /** While set, BatchGetSecretValue answers this. */
  batchError: AwsError | undefined;
  /** While set, every call answers this. */
  error: AwsError | undefined;
  /** While set, answers wait for it. */
  gate: Promise<void> | undefined;
}

/** BatchGetSecretValue's own limit (API reference, SecretIdList). */
const maxBatch = 20;

const Single = z.strictObject({ SecretId: z.string().min(1) });
const Batch = z.strictObject({ SecretIdList: z.array(z.string().min(1)).min(1).max(maxBatch) });

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * AWS Secrets Manager's JSON 1.1 protocol on loopback, strict about the request, for what emulators cannot do: rotation
 * between two reads, refusals, throttling, bytes that are no text.
 */
export async function startSecretsManagerFake(): Promise<SecretsManagerFake> {
  const stored = new Map<string, StoredSecret>();
  const calls: RecordedCall[] = [];
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake has no port');
  const fake: SecretsManagerFake = {
    clientConfig: {
      endpoint: `http://127.0.0.1:${String(address.port)}`,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    stored,
    calls,
    batchError: undefined,
    error: undefined,
    gate: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const result = respond(request, Buffer.concat(chunks).toString());
    await fake.gate;
    response.writeHead(result.status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': 'request-1',
    });
    response.end(result.body);
  }

  function respond({ method, url, headers }: IncomingMessage, body: string): Answer {
    const scope = /Credential=test\/\d{8}\/us-east-1\/secretsmanager\/aws4_request/;
    if (method !== 'POST' || url !== '/') return errorAnswer({ status: 404, type: 'UnknownOperationException' });
    if (headers['content-type'] !== 'application/x-amz-json-1.1')
      return errorAnswer({ status: 400, type: 'SerializationException' });
    if (!scope.test(headers.authorization ?? ''))
      return errorAnswer({ status: 400, type: 'MissingAuthenticationTokenException' });
    const operation = String(headers['x-amz-target']).replace('secretsmanager.', '');
    if (operation === 'GetSecretValue') return getOne(body);
    if (operation === 'BatchGetSecretValue') return getBatch(body);
    return errorAnswer({ status: 400, type: 'UnknownOperationException' });
  }

  function getOne(body: string): Answer {
    const { SecretId: id } = Single.parse(JSON.parse(body));
    calls.push({ operation: 'GetSecretValue', ids: [id] });
    if (fake.error !== undefined) return errorAnswer(fake.error);
    const secret = stored.get(id) ?? missing;
    return secret.error === undefined ? jsonAnswer(valueOf(id, secret)) : errorAnswer(secret.error);
  }

  function getBatch(body: string): Answer {
    const { SecretIdList: ids } = Batch.parse(JSON.parse(body));
    calls.push({ operation: 'BatchGetSecretValue', ids });
    const error = fake.error ?? fake.batchError;
    if (error !== undefined) return errorAnswer(error);
    const found = ids.map((id) => ({ id, secret: stored.get(id) ?? missing }));
    return jsonAnswer({
      SecretValues: found
        .filter(({ secret }) => secret.error === undefined)
        .map(({ id, secret }) => valueOf(id, secret)),
      Errors: found.flatMap(({ id, secret: { error: own } }) =>
        own === undefined ? [] : [{ SecretId: id, ErrorCode: own.type, Message: own.message ?? own.type }],
      ),
    });
  }

  return fake;
}

const missing: StoredSecret = {
  error: {
    status: 400,
    type: 'ResourceNotFoundException',
    message: "Secrets Manager can't find the specified secret.",
  },
};

/** Secrets Manager puts a dash and six random characters after the name; a reference may leave them out. */
function arnOf(name: string): string {
  if (!name.startsWith('arn:')) return `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`;
  return /-[A-Za-z0-9]{6}$/.test(name) ? name : `${name}-AbCdEf`;
}

function valueOf(name: string, { text, binary }: StoredSecret): object {
  return {
    ARN: arnOf(name),
    Name: name.replace(/^arn:.*:secret:/, ''),
    VersionId: 'a1b2c3d4-5678-90ab-cdef-EXAMPLE11111',
    VersionStages: ['AWSCURRENT'],
    CreatedDate: 1_700_000_000.123,
    ...(text === undefined ? {} : { SecretString: text }),
    ...(binary === undefined ? {} : { SecretBinary: Buffer.from(binary).toString('base64') }),
  };
}

function jsonAnswer(body: object): Answer {
  return { status: 200, body: JSON.stringify(body) };
}

function errorAnswer({ status, type, message, body }: AwsError): Answer {
  return { status, body: body ?? JSON.stringify({ __type: type, Message: message ?? type }) };
}
