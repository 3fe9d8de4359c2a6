/** Tests of sending metrics to CloudWatch: requests, limits, refusals, retries and what is reported. */
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import type { AwsAccess } from '../../../lambda/http/auth/aws-credentials.ts';
import { sinkUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildGauge, type MetricDefinition } from '../../../lambda/model/metric.ts';
import { type Deadline, createDeadline } from '../../../lambda/runtime/deadline.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';
import { createCloudWatch } from '../../../lambda/sinks/cloudwatch/create.ts';
import type { Delivery, Sink } from '../../../lambda/sinks/sink.ts';
import type { StoredDatum } from '../../support/backends/cloudwatch-fake-rules.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import {
  type CloudWatchFake,
  type CloudWatchFakeOptions,
  startCloudWatchFake,
} from '../../support/backends/cloudwatch-fake.ts';
import { answer, batch, config, durations, finished, part, queued, tickMs, vendorFamilies } from './batches.ts';

const running: CloudWatchFake[] = [];

/** A port below those that are given out: nothing listens there, and no other test can begin to. */
const nobody = 'http://127.0.0.1:1';

async function fakeWith(options: CloudWatchFakeOptions = {}): Promise<CloudWatchFake> {
  const fake = await startCloudWatchFake(options);
  running.push(fake);
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', fake.url);
  return fake;
}

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-test');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session-token-of-the-test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.close()));
});

function sinkWith(settings: Record<string, unknown> = {}, intervalMs = 60_000, aws: AwsAccess = noAws): Sink {
  return createCloudWatch(config(settings), { collector: 'ci-metrics', intervalMs, aws, clock: Date.now });
}

async function write(given: Batch, sink: Sink = sinkWith()): Promise<Delivery> {
  using deadline = createDeadline(60_000, Date.now);
  return await sink.write(given, { deadline });
}

function queues(count: number, value = 1): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`queue-${String(index)}`, value]));
}

/** One datum for each queue: a partial source has no sums. */
function many(count: number): Batch {
  return batch([part([queued(queues(count))], { status: 'partial' })]);
}

/** One whose timer never fires. */
function deadlineByClock(remainingMs: () => number): Deadline {
  const deadline: Deadline = {
    signal: new AbortController().signal,
    remainingMs: () => Math.max(0, remainingMs()),
    slice: () => deadline,
    extendTo: () => deadline,
    [Symbol.dispose]: () => undefined,
  };
  return deadline;
}

const nothingLost = { undelivered: [], unconfirmed: 0, dropped: 0 };

function client(): CloudWatchClient {
  return new CloudWatchClient({});
}

describe('a delivery', () => {
  it('stores exactly what the preview shows, and counts it', async () => {
    const fake = await fakeWith({ namespaces: ['CI', 'Buildkite'] });
    const given = batch([part([...vendorFamilies([answer()]), queued({ a: 1 }, { state: 'blocked' }), finished(2)])]);
    const sink = sinkWith({ dimensions: { Team: 'x' } });

    const preview = await sink.preview(given);
    const delivery = await write(given, sink);

    const stored = fake.datums.map(({ namespace, name, dimensions, values, unit }) => {
      const inside = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).join(', ');
      return `${namespace} ${name}${inside === '' ? '' : ` {${inside}}`} ${values.join()} ${unit}`;
    });
    expect(stored.toSorted()).toEqual(preview.lines.toSorted());
    expect(delivery).toEqual({
      accepted: preview.samples,
      requests: preview.requests,
      bytes: preview.bytes,
      problems: [],
      ...nothingLost,
    });
    expect(preview.requests).toBe(2);
    expect(delivery.bytes).toBe(fake.requests.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(fake.datums.every(({ timestampMs, resolution }) => timestampMs === tickMs && resolution === 60)).toBe(true);
    expect(fake.requests.every(({ userAgent }) => /ci-metrics-collector\/\d/.test(userAgent))).toBe(true);
  });

  it('can be read back through the query API, distributions included', async () => {
    await fakeWith();

    await write(batch([part([durations([1, 2, 2, 7]), queued({ default: 3 })])]));

    const listed = await client().send(new ListMetricsCommand({ Namespace: 'CI', MetricName: 'QueuedJobs' }));
    expect(
      listed.Metrics?.map(({ Dimensions }) => Dimensions?.map(({ Name, Value }) => `${Name ?? ''}=${Value ?? ''}`)),
    ).toEqual([
      ['System=buildkite', 'Source=main', 'Scope=Cluster A', 'Queue=default'],
      ['System=buildkite', 'Source=main'],
    ]);
    const Dimensions = [
      { Name: 'Pipeline', Value: 'web' },
      { Name: 'System', Value: 'buildkite' },
      { Name: 'Source', Value: 'main' },
    ];
    const data = await client().send(
      new GetMetricDataCommand({
        StartTime: new Date(tickMs),
        EndTime: new Date(tickMs + 60_000),
        MetricDataQueries: ['Sum', 'SampleCount', 'Minimum', 'Maximum', 'Average'].map((Stat, index) => ({
          Id: `m${String(index)}`,
          MetricStat: { Metric: { Namespace: 'CI', MetricName: 'RunDuration', Dimensions }, Period: 60, Stat },
        })),
      }),
    );
    expect(data.MetricDataResults?.map(({ Values }) => Values)).toEqual([[12], [4], [1], [7], [3]]);
    expect(data.MetricDataResults?.[0]?.Timestamps).toEqual([new Date(tickMs)]);
  });

  it('asks for high resolution when the interval is below a minute', async () => {
    const fake = await fakeWith();

    await write(batch([part([queued({ a: 1 })])]), sinkWith({}, 10_000));

    expect(fake.datums.map(({ resolution }) => resolution)).toEqual([1, 1]);
  });

  it('goes to the Region of the configuration rather than to that of the environment', async () => {
    const fake = await fakeWith({ region: 'eu-west-1' });

    const delivery = await write(many(1), sinkWith({ region: 'eu-west-1' }));

    expect(delivery.problems).toEqual([]);
    expect(fake.requests.map(({ region }) => region)).toEqual(['eu-west-1']);
  });

  it('sends nothing for a batch without samples', async () => {
    const fake = await fakeWith();

    const delivery = await write(batch([part([], { status: 'failed' })]));

    expect(delivery).toEqual({ accepted: 0, requests: 0, bytes: 0, problems: [], ...nothingLost });
    expect(fake.requests).toEqual([]);
  });

  it('takes names that are not ASCII', async () => {
    const fake = await fakeWith();

    const delivery = await write(batch([part([queued({ größe: 1 })])]));

    expect(delivery.problems).toEqual([]);
    expect(fake.datums[0]?.dimensions.at(-1)).toEqual({ name: 'Queue', value: 'gr%C3%B6%C3%9Fe' });
  });
});

describe('a batch that means harm', () => {
  it('loses what CloudWatch would refuse, told with its number, and nothing else', async () => {
    const fake = await fakeWith();
    const labels = Array.from({ length: 31 }, (_, index) => `l${String(index)}`);
    const wide: MetricDefinition<'gauge'> = {
      ...{ name: 'ci_wide', help: 'Wide.', type: 'gauge', unit: 'count', combination: 'sum', labels },
      cloudWatch: {
        ...{ namespace: 'neutral', name: 'Wide', unit: 'Count', statistic: 'Maximum' },
        dimensionSets: [labels],
      },
    };
    const values = { nan: NaN, plus: Infinity, minus: -Infinity, much: Number('1e309'), beyond: 2 ** 361 };
    const names = { '': 1, ' ': 1, 'a\u0000b': 1, ['x'.repeat(2 * 2 ** 20)]: 1, '\ud800': 1 };
    const thousand = queued(queues(1000, 7));
    const given = batch([
      part([queued({ good: 5, ...values, ...names }), finished(3)]),
      part([buildGauge(wide, [{ labels: Object.fromEntries(labels.map((label) => [label, 'x'])), value: 1 }])]),
      part([thousand, thousand]),
    ]);

    const delivery = await write(given);

    const levels = new Map(
      fake.datums
        .filter(({ name }) => name === 'QueuedJobs')
        .map(({ dimensions, values: [value] }) => [dimensions.find(({ name }) => name === 'Queue')?.value, value]),
    );
    expect(levels.get('good')).toBe(5);
    expect(levels.get('queue-999')).toBe(7);
    expect(fake.datums.filter(({ name }) => name === 'Runs')).not.toEqual([]);
    expect(fake.requests.every(({ status }) => status === 200)).toBe(true);
    expect(delivery.accepted).toBe(fake.datums.length);
    const told = delivery.problems.map(({ message }) => message).join('\n');
    for (const reason of [
      'not a finite number',
      'beyond ±2^360',
      'longer than 1024',
      'control characters',
      '30 dimensions',
    ])
      expect(told).toContain(reason);
    expect(told).toMatch(/two sources give the same series \(\d+/);
    expect(told.length).toBeLessThan(20_000);
  });
});

describe('requests', () => {
  it.each([
    [1000, 1],
    [1001, 2],
    [4500, 5],
  ])('for %d datums are %d, compressed, and no larger than counted', async (count, expected) => {
    const fake = await fakeWith();
    const given = many(count);

    const delivery = await write(given);

    expect(fake.datums).toHaveLength(count);
    expect(delivery).toMatchObject({ accepted: count, requests: expected, problems: [] });
    expect(fake.requests.filter(({ datums }) => datums === 1000)).toHaveLength(Math.floor(count / 1000));
    expect(fake.requests.every(({ isCompressed, plainBytes }) => isCompressed === plainBytes >= 10_240)).toBe(true);
    expect(delivery.bytes).toBeLessThan(fake.requests.reduce((sum, { plainBytes }) => sum + plainBytes, 0) / 5);
    expect((await sinkWith().preview(given)).bytes).toBe(delivery.bytes);
  });

  it('are not compressed where the AWS SDK is told so', async () => {
    vi.stubEnv('AWS_DISABLE_REQUEST_COMPRESSION', 'true');
    const fake = await fakeWith();

    expect(await write(many(300))).toMatchObject({ accepted: 300, problems: [] });
    expect(fake.requests.map(({ isCompressed }) => isCompressed)).toEqual([false]);
  });

  it('stay below one megabyte when the names are long', async () => {
    const fake = await fakeWith();
    const long = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`${'q'.repeat(1000)}-${String(index)}`, 1]),
    );

    const delivery = await write(batch([part([queued(long)], { status: 'partial' })]));

    expect(delivery).toMatchObject({ accepted: 1000, requests: 2, problems: [] });
    expect(fake.requests.every(({ plainBytes }) => plainBytes <= 1_000_000)).toBe(true);
    expect(Math.max(...fake.requests.map(({ plainBytes }) => plainBytes))).toBeGreaterThan(990_000);
  });

  it('of two namespaces are apart, and one that is not allowed costs only its own', async () => {
    await fakeWith({ namespaces: ['Buildkite'] });
    const given = batch([part([...vendorFamilies([answer()]), queued({ a: 1 }, { state: 'blocked' })])]);

    const delivery = await write(given);

    expect(delivery).toMatchObject({ accepted: 36, requests: 2 });
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]).toMatchObject({ kind: 'auth', where: 'cloudwatch/cloudwatch PutMetricData CI' });
    expect(delivery.problems[0]?.message).toMatch(
      /^2 datums not stored, such as CI BlockedJobs .*: .*AccessDenied.*allow cloudwatch:PutMetricData with the condition cloudwatch:namespace = CI/,
    );
  });
});

describe('a datum that only CloudWatch refuses', () => {
  it('is found and told, and the other 999 are stored', async () => {
    const refuse = ({ dimensions }: { dimensions: readonly { value: string }[] }): string | undefined =>
      dimensions.some(({ value }) => value === 'queue-617') ? 'a new rule' : undefined;
    const fake = await fakeWith({ refuse });

    const delivery = await write(many(1000));

    expect(delivery.accepted).toBe(999);
    expect(fake.datums).toHaveLength(999);
    expect(delivery.requests).toBeLessThanOrEqual(21);
    expect(delivery.problems).toEqual([
      {
        kind: 'rejected',
        where: 'cloudwatch/cloudwatch PutMetricData CI',
        message:
          '1 datum not stored, such as CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=queue-617}: CloudWatch refused it (400, InvalidParameterValueException: a new rule); rename it in the CI system, or exclude the metric under `metrics` of this sink, and report the message',
      },
    ]);
  });

  it('does not cost more requests than are set aside when all are refused', async () => {
    const fake = await fakeWith({ refuse: () => 'a new rule' });

    const delivery = await write(many(3000));

    expect(delivery.accepted).toBe(0);
    expect(fake.requests.length).toBeLessThanOrEqual(3 + 64);
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]?.message).toMatch(/^3000 datums/);
  });

  it('keeps the sums that no search has reached for a later run', async () => {
    await fakeWith({ refuse: () => 'a new rule' });
    const runs = Array.from({ length: 300 }, (_, index) => finished(1, `pipeline-${String(index)}`));

    const { dropped = 0, undelivered = [] } = await write(batch([part(runs, { status: 'partial' })]));

    const waiting = undelivered.reduce((total, { samples }) => total + samples, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThan(0);
    expect(dropped + waiting).toBe(300 + 1);
  });

  it('may be in a request with sums: nothing of a refused request was stored', async () => {
    const fake = await fakeWith({ refuse: ({ name }) => (name === 'QueuedJobs' ? 'no' : undefined) });

    const delivery = await write(batch([part([finished(4), queued({ a: 1 })])]));

    expect(fake.datums.map(({ name, values }) => [name, values])).toEqual([
      ['Runs', [4]],
      ['Runs', [4]],
    ]);
    expect(delivery.accepted).toBe(2);
  });

  it('is found in a request that is too large, by halving it', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'too-large' });

    const delivery = await write(many(10));

    expect(delivery).toMatchObject({ accepted: 10, requests: 3, problems: [] });
  });

  it('that is too large by itself names what may take smaller bodies than CloudWatch', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'too-large' });

    const delivery = await write(many(1));

    expect(delivery.problems.map(({ message }) => message)).toEqual([
      '1 datum not stored, such as CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=queue-0}: the server answered 413: too large, though the request is within the 1 MB that CloudWatch takes; a proxy or gateway on the way takes smaller bodies; raise its limit, and check AWS_ENDPOINT_URL_CLOUDWATCH',
    ]);
  });
});

describe('a queue that only CloudWatch refuses', () => {
  const bad = 'queue-7';
  const isBad = ({ dimensions }: { dimensions: readonly { value: string }[] }): boolean =>
    dimensions.some(({ value }) => value === bad);
  const refuse = (datum: StoredDatum): string | undefined => (isBad(datum) ? 'must be another' : undefined);

  /** Eight datums a queue, ordered by metric. */
  function vendorQueues(count: number): Batch {
    const counts = { scheduled: 1, running: 1, unfinished: 2, waiting: 0, idle: 1, busy: 1, total: 2 };
    const names = Array.from({ length: count }, (_, index) => `queue-${String(index)}`);
    const queues = Object.fromEntries(names.map((name) => [name, counts]));
    return batch([part(vendorFamilies([answer({ total: counts, queues })]))]);
  }

  it.each([
    { count: 20, most: 25 },
    { count: 110, most: 32 },
    { count: 1000, most: 64 },
  ])('costs itself alone among $count, in at most $most requests', async ({ count, most }) => {
    const fake = await fakeWith({ refuse });
    const { samples: all } = await sinkWith().preview(vendorQueues(count));

    const delivery = await write(vendorQueues(count));

    expect(delivery.accepted).toBe(all - 8);
    expect(fake.datums).toHaveLength(all - 8);
    expect(fake.datums.some(isBad)).toBe(false);
    expect(delivery.requests).toBeLessThanOrEqual(most);
    expect(delivery.problems.map(({ message }) => message.slice(0, 20))).toEqual(['8 datums not stored,']);
  });

  it('is found at once where the refusal names its datums', async () => {
    const fake = await fakeWith({ refuse, namesRefused: true });

    const delivery = await write(vendorQueues(110));

    expect(fake.datums.length).toBe(delivery.accepted);
    expect(delivery.requests).toBe(3);
    expect(delivery.problems.map(({ message }) => message.slice(0, 20))).toEqual(['8 datums not stored,']);
  });

  it('is left out of the next runs of the process and told in each; after an hour it is tried again', async () => {
    const fake = await fakeWith({ refuse });
    const sink = sinkWith();
    const given = vendorQueues(20);
    await write(given, sink);
    fake.clear();

    const second = await write(given, sink);

    expect(fake.requests.map(({ status }) => status)).toEqual([200]);
    expect(second.problems.map(({ kind, message }) => [kind, message])).toEqual([
      [
        'rejected',
        expect.stringMatching(
          /^8 datums not stored, such as Buildkite ScheduledJobsCount \{Org=acme, Cluster=Cluster A, Queue=queue-7\}: left out, because CloudWatch refused it .* in an earlier run; it is tried again an hour after it was refused;/,
        ),
      ],
    ]);

    fake.clear();
    const third = await write({ ...given, tickMs: given.tickMs + 3_600_000 }, sink);

    expect(fake.requests[0]?.status).toBe(400);
    expect(third.accepted).toBe(second.accepted);
  });

  it('is suspected first when another metric of it makes a request fail', async () => {
    const fake = await fakeWith({ refuse });
    const sink = sinkWith();
    const levels = part([queued(queues(200))], { status: 'partial' });
    await write(batch([levels]), sink);
    fake.clear();

    const more = part([queued(queues(200)), queued(queues(200), { state: 'blocked' })], { status: 'partial' });
    const delivery = await write(batch([more]), sink);

    expect(delivery.accepted).toBe(398);
    expect(fake.requests).toHaveLength(3);
  });

  it('loses its increases, and those beside it are stored', async () => {
    const fake = await fakeWith({ refuse });
    const sink = sinkWith();
    const given = batch([part([finished(4, 'web'), finished(3, bad)], { status: 'partial' })]);

    const first = await write(given, sink);
    const second = await write(given, sink);

    const total = 4 + 3;
    expect(fake.datums.map(({ values }) => values)).toEqual([[4], [total], [4], [total]]);
    expect([first.dropped, second.dropped]).toEqual([1, 1]);
    expect([first.undelivered, second.undelivered]).toEqual([[], []]);
  });
});

describe('faults of the service', () => {
  it.each(['throttle', 'throttle-429', 'error-500', 'error-503-html', 'reset'] as const)(
    'are survived by another try when they pass: %s',
    async (mode) => {
      const fake = await fakeWith();
      fake.fail({ mode });

      const delivery = await write(many(3));

      expect(delivery).toMatchObject({ accepted: 3, requests: 1, problems: [] });
      expect(fake.requests).toHaveLength(2);
      expect(fake.datums).toHaveLength(3);
    },
  );

  it.each([
    ['throttle', 'rate-limited', 'throttled the request (Throttling: Rate exceeded), retries'],
    ['throttle-429', 'rate-limited', 'throttled the request (Throttling: Rate exceeded), retries'],
    ['error-500', 'unavailable', 'CloudWatch answered 500 (InternalServiceFault: Internal error), retries'],
    ['error-503-html', 'unavailable', 'CloudWatch answered 503 (not JSON), retries'],
    ['reset', 'unavailable', 'ECONNRESET'],
  ] as const)('that last are told as what they are: %s is %s', async (mode, kind, text) => {
    const fake = await fakeWith();
    fake.fail({ mode, times: 99 });

    const delivery = await write(many(3));

    expect(delivery.accepted).toBe(0);
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]?.kind).toBe(kind);
    expect(delivery.problems[0]?.message).toContain('3 datums');
    expect(delivery.problems[0]?.message).toContain(text);
    expect(fake.requests).toHaveLength(3);
  });

  it('in one request cost the others nothing', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'error-500', namespace: 'Buildkite', times: 99 });
    const given = batch([part([...vendorFamilies([answer()]), queued({ a: 1 }, { state: 'blocked' })])]);

    const delivery = await write(given);

    expect(fake.datums.map(({ name }) => name)).toEqual(['BlockedJobs', 'BlockedJobs']);
    expect(delivery).toMatchObject({ accepted: 2, problems: [{ kind: 'unavailable' }] });
  });

  it('repeat a level whose answer was lost, which Maximum does not show', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'take-then-reset' });

    const delivery = await write(many(1));

    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect(fake.datums.map(({ values }) => values)).toEqual([[1], [1]]);
  });

  it.each(['take-then-reset', 'take-then-500'] as const)(
    'never repeat a sum that may have been stored: %s',
    async (mode) => {
      const fake = await fakeWith();
      fake.fail({ mode });

      const delivery = await write(batch([part([finished(5)], { status: 'partial' })]));

      expect(fake.requests).toHaveLength(1);
      expect(fake.datums.map(({ values }) => values)).toEqual([[5], [5]]);
      expect(delivery).toMatchObject({ accepted: 0, requests: 1, problems: [{ kind: 'unavailable' }] });
      expect(delivery.problems[0]?.message).toMatch(/^\d datums? may not have been stored, such as /);
    },
  );

  it('repeat a sum that was throttled: it was not stored', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'throttle' });

    const delivery = await write(batch([part([finished(5)], { status: 'partial' })]));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect(fake.datums.map(({ values }) => values)).toEqual([[5], [5]]);
  });

  it('name the address when nothing listens there', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', nobody);

    const delivery = await write(batch([part([finished(5), queued({ a: 1 })], { status: 'partial' })]));

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'unavailable' }] });
    expect(delivery.problems[0]?.message).toContain('could not be reached or did not answer (ECONNREFUSED)');
  });
});

describe('credentials', () => {
  it('that are wrong are a problem without the session token that AWS repeats in its answer', async () => {
    await fakeWith({ region: 'eu-central-1' });

    const delivery = await write(many(1));

    expect(delivery.problems).toMatchObject([{ kind: 'auth' }]);
    expect(delivery.problems[0]?.message).toContain('SignatureDoesNotMatch');
    expect(JSON.stringify(delivery)).not.toContain('session-token-of-the-test');
  });

  it('that are missing are a problem', async () => {
    await fakeWith();
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);

    const delivery = await write(many(1));

    expect(delivery.problems).toMatchObject([{ kind: 'auth' }]);
    expect(delivery.problems[0]?.message).toContain('CredentialsProviderError');
  });

  it('are those of the role that the sink assumes', async () => {
    const fake = await fakeWith();
    const asked: unknown[] = [];
    const credentials: AwsAccess['credentials'] = (role) => {
      asked.push(role);
      const expiration = new Date(Date.now() + 3_600_000);
      return Promise.resolve({
        accessKeyId: 'ASIAROLE',
        secretAccessKey: 'of the role',
        sessionToken: 't',
        expiration,
      });
    };
    const role = { roleArn: 'arn:aws:iam::222233334444:role/metrics', externalId: 'acme-7' };

    const delivery = await write(many(1), sinkWith(role, 60_000, { region: undefined, credentials }));

    expect(delivery.problems).toEqual([]);
    expect(asked).toEqual([role]);
    expect(fake.requests.map(({ accessKeyId }) => accessKeyId)).toEqual(['ASIAROLE']);
  });

  it('of a role that cannot be assumed are a problem with what to allow, and sums wait for the next run', async () => {
    await fakeWith();
    const credentials = (): Promise<never> =>
      Promise.reject(new SecretUnavailableError('the role says no; allow it', { reason: 'credentials' }));
    const sink = sinkWith({ roleArn: 'arn:aws:iam::222233334444:role/metrics' }, 60_000, {
      region: undefined,
      credentials,
    });

    const delivery = await write(batch([part([finished(2)], { status: 'partial' })]), sink);

    expect(delivery.problems.map(({ kind, message }) => [kind, message])).toEqual([
      ['auth', expect.stringMatching(/: the role says no; allow it; nothing was sent, and the next run tries again$/)],
    ]);
    expect(delivery.undelivered).toHaveLength(1);
  });

  it('are not needed for a preview, nor is a Region', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_REGION', undefined);

    expect((await sinkWith().preview(many(2))).samples).toBe(2);
  });

  it('without a Region name the remedy', async () => {
    vi.stubEnv('AWS_REGION', undefined);

    const delivery = await write(many(1));

    expect(delivery.problems).toMatchObject([{ kind: 'configuration' }]);
    expect(delivery.problems[0]?.message).toContain('set `region` of this sink or AWS_REGION');
  });
});

describe('the deadline', () => {
  it.each([
    ['the deadline has passed', 'TimeoutError', 'the deadline of the run passed', 'raise the function timeout'],
    ['received SIGTERM', 'AbortError', 'the run was interrupted', 'start the run again'],
  ])('ends a request that is not answered and tells what was not sent at all: %s', async (text, name, past, remedy) => {
    const fake = await fakeWith();
    fake.fail({ mode: 'hang', times: 5 });

    const passing = new AbortController();
    using deadline = createDeadline(60_000, Date.now, passing.signal);
    const writing = sinkWith().write(many(7000), { deadline });
    // The deadline passes when all that fit side by side wait for their answers, however busy the machine is.
    await expect.poll(() => fake.requests.length).toBe(5);
    passing.abort(new DOMException(text, name));
    const delivery = await writing;

    expect(delivery.accepted).toBe(0);
    expect(fake.requests).toHaveLength(5);
    expect(delivery.problems.map(({ kind, message }) => [kind, message.split(' ')[0]])).toEqual([
      ['timeout', '5000'],
      ['timeout', '2000'],
    ]);
    expect(delivery.problems[0]?.message).toContain(`${past} before CloudWatch answered`);
    expect(delivery.problems[1]?.message).toContain('before it was sent');
    for (const { message } of delivery.problems) expect(message).toContain(remedy);
  });

  it('is asked of the clock, too: work that keeps its timer from firing makes no more levels, and keeps the sums', async () => {
    let nowMs = Date.now();
    const endsAtMs = nowMs + 10_000;
    // The time is over as soon as anything has arrived.
    const refuse = (): undefined => {
      nowMs = endsAtMs;
      return undefined;
    };
    const fake = await fakeWith({ refuse });
    const deadline = deadlineByClock(() => endsAtMs - nowMs);
    const health = [buildGauge(sinkUp, [{ labels: { sink: 'main' }, value: 1 }])];
    const given = batch([part([queued(queues(20_000)), finished(5)], { status: 'partial' })], health);

    const delivery = await sinkWith({ collectorMetrics: 'api' }).write(given, { deadline });

    // Of those that go out side by side, in whatever order they arrive.
    expect(fake.requests.slice(0, 5).map(({ namespace }) => namespace)).toContain('CI/Collector');
    expect(fake.datums.map(({ name }) => name)).toContain('SinkUp');
    expect(delivery.accepted).toBeLessThan(20_000);
    const told = delivery.problems.map(({ kind, message }) => [kind, message.split(' ')[0]]);
    expect(told).toEqual([['timeout', String(20_003 - delivery.accepted)]]);
    expect(delivery.problems[0]?.message).toContain('before it was sent');
    // In each of its dimension sets.
    expect(delivery.undelivered?.map(({ samples }) => samples)).toEqual([2]);
  });

  it('ends the wait between two tries', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'throttle-429', times: 99 });

    const passing = new AbortController();
    using deadline = createDeadline(60_000, Date.now, passing.signal);
    const writing = sinkWith().write(many(1), { deadline });
    await expect.poll(() => fake.requests.length, { interval: 5 }).toBeGreaterThan(0);
    passing.abort(new DOMException('the deadline has passed', 'TimeoutError'));
    const delivery = await writing;

    expect(delivery.problems).toMatchObject([{ kind: 'timeout' }]);
    expect(fake.requests.length).toBeLessThan(3);
  });
});

describe('increases that were not stored', () => {
  const given = batch([part([finished(5), durations([2, 2, 3]), queued({ a: 1 })])]);
  const sumsOf = (fake: CloudWatchFake) =>
    fake.datums
      .filter(({ name }) => name !== 'QueuedJobs')
      .map(({ name, dimensions, values, timestampMs }) => ({ name, dimensions, values, timestampMs }));

  async function redeliver(sink: Sink, delivery: Delivery): Promise<Delivery | undefined> {
    using deadline = createDeadline(60_000, Date.now);
    return await sink.redeliver?.(delivery.undelivered ?? [], { deadline });
  }

  it('are handed back when the request was certainly not taken, and are stored under their own minute later', async () => {
    const whole = await fakeWith();
    await write(given);
    vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH', nobody);
    const sink = sinkWith();

    const refused = await write(given, sink);
    const late = await fakeWith();
    // As the outbox keeps them: through JSON.
    const kept: Delivery = { ...refused, undelivered: structuredClone(refused.undelivered ?? []) };
    const delivery = await redeliver(sinkWith(), kept);

    expect(refused).toMatchObject({ accepted: 0, unconfirmed: 0, dropped: 0 });
    expect(refused.undelivered?.map(({ tickMs: ofTick, samples }) => [ofTick, samples])).toEqual([[tickMs, 3]]);
    expect(delivery).toMatchObject({ accepted: 3, problems: [], ...nothingLost });
    expect(sumsOf(late)).toEqual(sumsOf(whole));
    expect(late.datums.some(({ name }) => name === 'QueuedJobs')).toBe(false);
  });

  it('are counted as unconfirmed when the answer was lost, and are not handed back', async () => {
    const fake = await fakeWith();
    fake.fail({ mode: 'take-then-reset' });

    const delivery = await write(batch([part([finished(5)])]));

    expect(delivery).toMatchObject({ accepted: 0, undelivered: [], unconfirmed: 2, dropped: 0 });
  });

  it('are dropped when CloudWatch would refuse them again', async () => {
    await fakeWith();

    const delivery = await redeliver(sinkWith(), {
      accepted: 0,
      requests: 0,
      bytes: 0,
      problems: [],
      undelivered: [{ tickMs, samples: 3, content: { of: 'another version' } }],
    });

    expect(delivery).toMatchObject({ accepted: 0, requests: 0, dropped: 3 });
  });

  it('are dropped when their series cannot be sent at all; a level that is left out is no increase', async () => {
    const fake = await fakeWith();

    const delivery = await write(batch([part([finished(5, 'a\nb'), durations([2], ' '), queued({ 'c\nd': 1 })])]));

    // The roll-ups over all pipelines have nothing that could not be sent.
    expect(fake.datums.map(({ name }) => name)).toEqual(expect.arrayContaining(['Runs']));
    expect(delivery).toMatchObject({ undelivered: [], unconfirmed: 0, dropped: 2 });
  });

  it('are dropped and told when they are older than what CloudWatch takes, and cost the others nothing', async () => {
    const fake = await fakeWith();
    const sink = sinkWith();
    const packed = sink.pack?.(given) ?? [];
    const weeksAgo = packed.map((parcel) => ({ ...parcel, tickMs: tickMs - 15 * 86_400_000 }));

    const undelivered = [...weeksAgo, ...packed];
    const delivery = await redeliver(sink, { accepted: 0, requests: 0, bytes: 0, problems: [], undelivered });

    expect(delivery).toMatchObject({ accepted: 3, requests: 1, dropped: 3 });
    expect(delivery?.problems).toMatchObject([
      { kind: 'rejected', message: expect.stringMatching(/^3 increases of earlier runs lost: .*two weeks/) as string },
    ]);
    expect(sumsOf(fake)).toHaveLength(3);
  });

  it('are packed for later as they would be sent', async () => {
    const fake = await fakeWith();
    const sink = sinkWith();
    const packed = sink.pack?.(given) ?? [];

    await redeliver(sink, { accepted: 0, requests: 0, bytes: 0, problems: [], undelivered: packed });

    expect(fake.datums.map(({ name }) => name).toSorted()).toEqual(['RunDuration', 'Runs', 'Runs']);
  });
});
