/** Requests, decoders and mappings, held against the definitions that Chainloop publishes: names, numbers and types. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  encodeContext,
  encodeRunList,
  encodeWorkflowList,
} from '../../../../lambda/demo/simulators/chainloop/encode-answers.ts';
import {
  policyNumbers,
  type RunRecord,
  runnerNumbers,
  statusNumbers,
} from '../../../../lambda/demo/simulators/chainloop/records.ts';
import {
  decodeContext,
  decodeRunList,
  decodeWorkflowList,
} from '../../../../lambda/sources/chainloop/grpc-web/decode-answer.ts';
import {
  encodeRunListRequest,
  encodeWorkflowListRequest,
} from '../../../../lambda/sources/chainloop/grpc-web/encode-request.ts';
import { finishRun, mapResult } from '../../../../lambda/sources/chainloop/runs/finish.ts';
import { policyStatuses, runStatuses } from '../../../../lambda/sources/chainloop/grpc-web/messages.ts';
import { runners } from '../../../../lambda/sources/chainloop/metrics.ts';
import { policyVerdicts } from '../../../../lambda/sources/chainloop/metrics.ts';

const Field = z.strictObject({ number: z.number(), type: z.string(), repeated: z.literal(true).optional() });
const Definitions = z.strictObject({
  source: z.string().min(1),
  note: z.string().min(1),
  messages: z.record(z.string(), z.record(z.string(), Field)),
  enums: z.record(z.string(), z.record(z.string(), z.number())),
  bounds: z.record(z.string(), z.tuple([z.number(), z.number()])),
});
type Field = z.infer<typeof Field>;

const path = join(import.meta.dirname, '../../../fixtures/vendor/chainloop/definitions.json');
const facts = Definitions.parse(JSON.parse(await readFile(path, 'utf8')));

const scalars: Readonly<Record<string, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  int32: WireType.Varint,
  int64: WireType.Varint,
  bool: WireType.Varint,
};

function enumNamed(type: string): Readonly<Record<string, number>> | undefined {
  return facts.enums[type.split('.').at(-1) ?? ''];
}

/** The name of a message, with that of the message around it where it stands within. */
function messageNamed(type: string, within: string): string {
  const nested = `${within}.${type}`;
  return facts.messages[nested] === undefined ? type : nested;
}

function fieldsOf(message: string): Readonly<Record<string, Field>> {
  const fields = facts.messages[message];
  if (fields === undefined) throw new TypeError(`${message} is not among the definitions`);
  return fields;
}

function wireOf({ type }: Field): WireType {
  return scalars[type] ?? (enumNamed(type) === undefined ? WireType.LengthDelimited : WireType.Varint);
}

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A message by the names of its fields. @throws for a field that the definitions do not have, or have of another type */
function readDefined(bytes: Uint8Array, message: string): Readonly<Record<string, Value>> {
  const reader = new BinaryReader(bytes);
  const read: Record<string, Value> = {};
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const found = Object.entries(fieldsOf(message)).find(([, field]) => field.number === number);
    if (found === undefined) throw new TypeError(`${message} has no field ${String(number)}`);
    const [name, field] = found;
    if (wireOf(field) !== wire) throw new TypeError(`${message}.${name} is no ${field.type}`);
    const value = readValue(reader, field, message);
    const before = read[name];
    read[name] = field.repeated === true ? [...(isList(before) ? before : []), value] : value;
  }
  return read;
}

function readValue(reader: BinaryReader, { type }: Field, message: string): Value {
  switch (type) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int64':
      return Number(reader.int64());
    default:
      return type === 'int32' || enumNamed(type) !== undefined
        ? reader.int32()
        : readDefined(reader.bytes(), messageNamed(type, message));
  }
}

/** A message from the names of its fields. */
function written(message: string, values: Readonly<Record<string, Value>>): Uint8Array {
  const writer = new BinaryWriter();
  for (const [name, value] of Object.entries(values)) {
    const field = fieldsOf(message)[name];
    if (field === undefined) throw new TypeError(`${message} has no field ${name}`);
    const all = field.repeated === true && isList(value) ? value : [value];
    for (const one of all) writeValue(writer.tag(field.number, wireOf(field)), field, one, message);
  }
  return writer.finish();
}

function writeValue(writer: BinaryWriter, { type }: Field, value: Value, message: string): void {
  if (typeof value === 'string') writer.string(value);
  else if (typeof value === 'boolean') writer.bool(value);
  else if (typeof value === 'number') writer.int64(value);
  else if (!isList(value)) writer.bytes(written(messageNamed(type, message), value));
}

describe('requests', () => {
  const of = { project: 'shop', name: 'build', version: 'v1', versionId: '00000000-0000-4000-8000-000000000001' };

  it('say what their fields are for', () => {
    const runs = encodeRunListRequest({ cursor: 'abc', limit: 83, status: 'initialized', of });

    expect(readDefined(runs, 'WorkflowRunServiceListRequest')).toEqual({
      workflow_name: 'build',
      pagination: { cursor: 'abc', limit: 83 },
      status: facts.enums['RunStatus']?.['RUN_STATUS_INITIALIZED'],
      project_name: 'shop',
      project_version: of.versionId,
      project_version_name: 'v1',
    });
    expect(readDefined(encodeWorkflowListRequest(3, 83), 'WorkflowServiceListRequest')).toEqual({
      pagination: { page: 3, page_size: 83 },
    });
    expect(readDefined(new Uint8Array(), 'ContextServiceCurrentRequest')).toEqual({});
  });

  it('ask for the largest page that is allowed', () => {
    const [, mostRuns] = facts.bounds['CursorPaginationRequest.limit'] ?? [];
    const [, mostWorkflows] = facts.bounds['OffsetPaginationRequest.page_size'] ?? [];

    expect(readDefined(encodeRunListRequest({}), 'WorkflowRunServiceListRequest')).toEqual({
      pagination: { limit: mostRuns },
    });
    expect(readDefined(encodeWorkflowListRequest(1), 'WorkflowServiceListRequest')).toEqual({
      pagination: { page: 1, page_size: mostWorkflows },
    });
  });
});

/** Every field that the source reads, each with a value of its own. */
const run = {
  id: 'r1',
  created_at: { seconds: 1_767_323_045, nanos: 7_000_000 },
  finished_at: { seconds: 1_767_323_105, nanos: 0 },
  state: 'success',
  workflow: { id: 'w1', name: 'build', project: 'shop' },
  runner_type: 8,
  status: 3,
  version: { id: 'v-id', version: 'v1', prerelease: false, released_at: { seconds: 1 } },
  policy_summary: { status: 5, total: 9, passed: 4, skipped: 1, violated: 3, has_gates: true, suppressed: 2 },
};

describe('decoders', () => {
  const readRun = {
    id: 'r1',
    createdMs: 1_767_323_045_007,
    finishedMs: 1_767_323_105_000,
    status: 'failed',
    runner: 'TEKTON_PIPELINE',
    version: { id: 'v-id', name: 'v1', isReleased: true },
    policy: { status: 'blocked', violated: 3 },
  };

  it('find in the answers what the definitions call so', () => {
    const runs = written('WorkflowRunServiceListResponse', { result: [run], pagination: { next_cursor: 'abc' } });
    const workflows = written('WorkflowServiceListResponse', {
      result: [{ name: 'build', project: 'shop', last_run: run }],
      pagination: { page: 2, page_size: 83, total_count: 101, total_pages: 4 },
    });

    expect(decodeRunList(runs)).toEqual({
      runs: [{ ...readRun, workflow: { name: 'build', project: 'shop' } }],
      nextCursor: 'abc',
      unreadable: 0,
    });
    expect(decodeWorkflowList(workflows)).toEqual({
      workflows: [{ name: 'build', project: 'shop', lastRun: readRun }],
      totalPages: 4,
      total: 101,
      unreadable: 0,
    });
  });

  it('read the organization of a user', () => {
    const current = { current_membership: { id: 'm', org: { id: 'o', name: 'acme' }, current: true } };

    expect(decodeContext(written('ContextServiceCurrentResponse', { result: current }))).toBe('acme');
    expect(decodeContext(written('ContextServiceCurrentResponse', { result: {} }))).toBeUndefined();
  });
});

/** `RUN_STATUS_FAILED` is `failed` here. */
function ownName(name: string, prefix: string): string {
  return name.replace(prefix, '').toLowerCase();
}

function numbersOf(name: string): Readonly<Record<string, number>> {
  const numbers = facts.enums[name];
  if (numbers === undefined) throw new TypeError(`${name} is not among the definitions`);
  return numbers;
}

function decodedWith(fields: Readonly<Record<string, Value>>) {
  // The deprecated text would stand in for a status of 0.
  const result = [{ ...run, state: '', ...fields }];
  return decodeRunList(written('WorkflowRunServiceListResponse', { result })).runs[0];
}

describe('mappings', () => {
  it.each(Object.entries(numbersOf('RunStatus')))('know the status %s', (name, number) => {
    const expected: Readonly<Record<string, string | undefined>> = {
      RUN_STATUS_UNSPECIFIED: 'other',
      RUN_STATUS_INITIALIZED: undefined,
      RUN_STATUS_SUCCEEDED: 'success',
      RUN_STATUS_FAILED: 'failure',
      RUN_STATUS_EXPIRED: 'error',
      RUN_STATUS_CANCELLED: 'cancellation',
    };
    const decoded = decodedWith({ status: number });

    expect(decoded?.status).toBe(ownName(name, 'RUN_STATUS_'));
    expect(Object.hasOwn(expected, name)).toBe(true);
    expect(decoded && mapResult(decoded)).toBe(expected[name]);
  });

  it.each(Object.entries(numbersOf('PolicyStatus')))('know the verdict %s', (name, number) => {
    const decoded = decodedWith({ status: 2, policy_summary: { status: number, violated: 0 } });
    if (decoded === undefined) throw new TypeError('the run cannot be read');
    const ended = { ...decoded, endedMs: 0, result: 'success' } as const;
    const { counts } = finishRun(ended, { source: 'main', organization: 'acme', compat: false });
    const verdicts = counts.flatMap(({ labels }) => (labels['verdict'] === undefined ? [] : [labels['verdict']]));

    const own = ownName(name, 'POLICY_STATUS_');
    expect(decoded.policy?.status).toBe(own);
    expect(verdicts).toEqual([own === 'unspecified' ? 'none' : own]);
    expect(policyVerdicts).toContain(verdicts[0]);
  });

  it.each(Object.entries(numbersOf('RunnerType')))('know the runner %s', (name, number) => {
    expect(decodedWith({ runner_type: number })?.runner).toBe(name);
  });

  it('know no value that the definitions do not have', () => {
    const names = (name: string, prefix: string) => Object.keys(numbersOf(name)).map((own) => ownName(own, prefix));

    expect([...runStatuses]).toEqual(names('RunStatus', 'RUN_STATUS_'));
    expect([...policyStatuses]).toEqual(names('PolicyStatus', 'POLICY_STATUS_'));
    expect([...runners]).toEqual(Object.keys(numbersOf('RunnerType')));
  });
});

describe('the demo', () => {
  const record: RunRecord = {
    id: 'r1',
    workflow: { id: 'w1', name: 'build', project: 'shop' },
    createdMs: 1_767_323_045_007,
    finishedMs: 1_767_323_105_000,
    status: 'failed',
    runner: 'TEKTON_PIPELINE',
    version: { id: 'v-id', name: 'v1', isPrerelease: true, releasedMs: 1000 },
    policy: { status: 'blocked', total: 9, violated: 3 },
  };

  it('answers with fields of the definitions', () => {
    const { workflow } = record;
    const item = {
      id: 'r1',
      created_at: { seconds: 1_767_323_045, nanos: 7_000_000 },
      finished_at: { seconds: 1_767_323_105 },
      workflow,
      runner_type: 8,
      status: 3,
      version: { id: 'v-id', version: 'v1', prerelease: true, released_at: { seconds: 1 } },
      policy_summary: { status: 5, total: 9, passed: 6, violated: 3 },
    };

    const runs = encodeRunList({ runs: [record], nextCursor: 'abc' });
    const workflows = encodeWorkflowList({
      workflows: [{ workflow, lastRun: record }],
      page: 1,
      pageSize: 83,
      total: 90,
    });

    expect(readDefined(runs, 'WorkflowRunServiceListResponse')).toEqual({
      result: [item],
      pagination: { next_cursor: 'abc' },
    });
    expect(readDefined(workflows, 'WorkflowServiceListResponse')).toEqual({
      result: [{ ...workflow, last_run: item }],
      pagination: { page: 1, page_size: 83, total_count: 90, total_pages: 2 },
    });
    expect(readDefined(encodeContext('acme'), 'ContextServiceCurrentResponse')).toEqual({
      result: { current_membership: { org: { name: 'acme' } } },
    });
  });

  it.each([
    ['RunStatus', 'RUN_STATUS_', statusNumbers],
    ['PolicyStatus', 'POLICY_STATUS_', policyNumbers],
    ['RunnerType', '', runnerNumbers],
  ] as const)('numbers its %s as the definitions do', (name, prefix, numbers) => {
    const known = numbersOf(name);
    for (const [own, number] of Object.entries(numbers)) {
      const word = own.replace(/[a-z](?=[A-Z][a-z])/g, '$&_').toUpperCase();
      expect(known[`${prefix}${word}`], own).toBe(number);
    }
  });
});
