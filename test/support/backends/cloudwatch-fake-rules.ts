/**
 * What PutMetricData refuses (CloudWatch API reference: PutMetricData, MetricDatum, Dimension), written apart from the
 * sink's own limits so that a mistake there is found here. Error texts are this fake's own.
 */

export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

export interface StoredDimension {
  readonly name: string;
  readonly value: string;
}

export interface StoredDatum {
  readonly namespace: string;
  readonly name: string;
  /** In the order in which they were sent. */
  readonly dimensions: readonly StoredDimension[];
  readonly timestampMs: number;
  readonly unit: string;
  readonly resolution: number;
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

export interface RuleSettings {
  /** Namespaces that the caller's policy allows (`cloudwatch:namespace`); undefined allows all. */
  readonly namespaces?: readonly string[] | undefined;
  readonly nowMs: number;
}

export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(status: number, type: string, message: string) {
    super(`${type}: ${message}`);
    this.refusal = { status, type, message };
  }
}

const units = new Set(
  [
    'Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits',
    'Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second',
    'Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None',
  ].flatMap((line) => line.split(' ')),
);

const day = 86_400_000;

function invalid(message: string): RefusedError {
  return new RefusedError(400, 'InvalidParameterValueException', message);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Every datum of a request that PutMetricData would take. @throws RefusedError for the whole request otherwise. */
export function acceptedDatums(body: unknown, settings: RuleSettings): readonly StoredDatum[] {
  if (!isRecord(body)) throw new RefusedError(400, 'SerializationException', 'the body is not an object');
  const namespace = checkedNamespace(body['Namespace'], settings);
  const { MetricData: data } = body;
  if (!Array.isArray(data)) throw new RefusedError(400, 'MissingRequiredParameterException', 'MetricData is required');
  if (data.length > 1000) throw invalid(`MetricData has ${String(data.length)} members, more than 1000`);
  return data.map((datum: unknown, index) => checkedDatum(datum, namespace, index, settings.nowMs));
}

function checkedNamespace(namespace: unknown, { namespaces }: RuleSettings): string {
  if (typeof namespace !== 'string' || namespace === '')
    throw new RefusedError(400, 'MissingRequiredParameterException', 'Namespace is required');
  if (namespace.length > 255 || !isAscii(namespace) || namespace.trim() === '' || namespace.startsWith(':'))
    throw invalid('Namespace is not 1 to 255 printable ASCII characters');
  if (namespace.startsWith('AWS/')) throw invalid('Namespace must not start with AWS/');
  if (namespaces !== undefined && !namespaces.includes(namespace))
    throw new RefusedError(
      403,
      'AccessDenied',
      `User: arn:aws:sts::111122223333:assumed-role/collector/fn is not authorized to perform: cloudwatch:PutMetricData`,
    );
  return namespace;
}

function checkedDatum(datum: unknown, namespace: string, index: number, nowMs: number): StoredDatum {
  const at = `MetricData.member.${String(index + 1)}`;
  if (!isRecord(datum)) throw invalid(`${at} is not an object`);
  const { MetricName: name, Unit: unit = 'None', StorageResolution: resolution = 60 } = datum;
  if (typeof name !== 'string' || name === '')
    throw new RefusedError(400, 'MissingRequiredParameterException', `${at}.MetricName is required`);
  if (name.length > 255 || !isAscii(name) || name.trim() === '' || name.startsWith(':'))
    throw invalid(`${at}.MetricName is not 1 to 255 printable ASCII characters`);
  if (typeof unit !== 'string' || !units.has(unit)) throw invalid(`${at}.Unit is unknown`);
  if (resolution !== 1 && resolution !== 60) throw invalid(`${at}.StorageResolution is neither 1 nor 60`);
  return {
    namespace,
    name,
    dimensions: checkedDimensions(datum['Dimensions'], at),
    timestampMs: checkedTime(datum['Timestamp'], at, nowMs),
    unit,
    resolution,
    ...checkedValues(datum, at),
  };
}

function checkedDimensions(dimensions: unknown, at: string): readonly StoredDimension[] {
  if (dimensions === undefined) return [];
  if (!Array.isArray(dimensions)) throw invalid(`${at}.Dimensions is not a list`);
  if (dimensions.length > 30) throw invalid(`${at}.Dimensions has more than 30 members`);
  const checked = dimensions.map((dimension: unknown) => checkedDimension(dimension, at));
  if (new Set(checked.map(({ name }) => name)).size !== checked.length)
    throw invalid(`${at}.Dimensions has a name twice`);
  return checked;
}

function checkedDimension(dimension: unknown, at: string): StoredDimension {
  if (!isRecord(dimension)) throw invalid(`${at}.Dimensions has a member that is not an object`);
  const { Name: name, Value: value } = dimension;
  if (typeof name !== 'string' || name.trim() === '') throw invalid(`${at}.Dimensions.Name is blank`);
  if (typeof value !== 'string' || value.trim() === '') throw invalid(`${at}.Dimensions.Value is blank`);
  if (name.length > 255 || !isAscii(name) || name.startsWith(':')) throw invalid(`${at}.Dimensions.Name is malformed`);
  if (value.length > 1024 || !isAscii(value)) throw invalid(`${at}.Dimensions.Value is malformed`);
  return { name, value };
}

function checkedTime(timestamp: unknown, at: string, nowMs: number): number {
  if (timestamp === undefined) return nowMs;
  if (typeof timestamp !== 'number') throw invalid(`${at}.Timestamp is not epoch seconds`);
  const timestampMs = Math.round(timestamp * 1000);
  if (timestampMs < nowMs - 14 * day) throw invalid(`${at}.Timestamp is more than two weeks ago`);
  if (timestampMs > nowMs + 2 * 3_600_000) throw invalid(`${at}.Timestamp is more than two hours ahead`);
  return timestampMs;
}

function checkedValues(
  datum: Readonly<Record<string, unknown>>,
  at: string,
): { readonly values: readonly number[]; readonly counts: readonly number[] } {
  const given = ['Value', 'Values', 'StatisticValues'].filter((key) => datum[key] !== undefined);
  if (given.length !== 1)
    throw new RefusedError(
      400,
      'InvalidParameterCombinationException',
      `${at} needs exactly one of Value, Values and StatisticValues`,
    );
  if (datum['Value'] !== undefined) return { values: [checkedNumber(datum['Value'], at)], counts: [1] };
  if (datum['StatisticValues'] !== undefined) throw invalid(`${at}.StatisticValues is not supported by this fake`);
  return checkedValueCounts(datum['Values'], datum['Counts'], at);
}

function checkedValueCounts(
  values: unknown,
  counts: unknown,
  at: string,
): { readonly values: readonly number[]; readonly counts: readonly number[] } {
  if (!Array.isArray(values) || values.length === 0) throw invalid(`${at}.Values is empty`);
  if (values.length > 150) throw invalid(`${at}.Values has more than 150 members`);
  const numbers = values.map((value: unknown) => checkedNumber(value, at));
  if (counts === undefined) return { values: numbers, counts: numbers.map(() => 1) };
  if (!Array.isArray(counts) || counts.length !== values.length) throw invalid(`${at}.Counts has another length`);
  return { values: numbers, counts: counts.map((count: unknown) => checkedNumber(count, at)) };
}

/** The SDK sends NaN and infinities as strings; CloudWatch refuses them. */
function checkedNumber(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${at} has a value that is not a number`);
  if (Math.abs(value) > 2 ** 360) throw invalid(`${at} has a value beyond ±2^360`);
  return value;
}
