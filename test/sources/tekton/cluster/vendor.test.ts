/** The source against what Tekton publishes of its objects and reasons. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildTable } from '../../../../lambda/demo/simulators/tekton/wire.ts';
import { interpretObject } from '../../../../lambda/sources/tekton/runs/finished-run.ts';
import { failureReasons, phaseByReason, resultByReason } from '../../../../lambda/sources/tekton/cluster/reasons.ts';
import { parseRows } from '../../../../lambda/sources/tekton/cluster/table-rows.ts';
import { RunObject, Table } from '../../../../lambda/sources/tekton/cluster/schema.ts';
import { pipelineRun, startMs, taskRun, timeAt } from '../harness.ts';

const Kind = z.object({
  plural: z.enum(['pipelineruns', 'taskruns']),
  columns: z.record(z.string(), z.string()),
  fields: z.record(z.string(), z.string()),
});
const Objects = z.object({ kinds: z.object({ PipelineRun: Kind, TaskRun: Kind }) });

const ByStatus = z.object({
  Unknown: z.array(z.string()),
  True: z.array(z.string()),
  False: z.array(z.string()),
});
const Reasons = z.object({
  PipelineRun: ByStatus,
  TaskRun: ByStatus,
  cancelledByTimeout: z.string(),
  steps: z.object({
    entrypoint: z.array(z.string()),
    container: z.array(z.string()),
    controller: z.array(z.string()),
  }),
});

function factsIn<Shape extends z.ZodType>(file: string, shape: Shape): z.output<Shape> {
  const path = join(import.meta.dirname, '../../../fixtures/vendor/tekton', file);
  return shape.parse(JSON.parse(readFileSync(path, 'utf8')));
}

const { kinds } = factsIn('objects.json', Objects);
const reasons = factsIn('reasons.json', Reasons);
const Columns = z.object({ columnDefinitions: z.array(z.object({ name: z.string(), type: z.string() })) });

const kindNames = ['PipelineRun', 'TaskRun'] as const;

const exampleByType: Readonly<Record<string, unknown>> = {
  string: 'text',
  'string date-time': timeAt(-30),
  'integer int32': 1,
  integer: 1,
  any: [],
};

/** Where the value decides. */
const exampleByPath: Readonly<Record<string, unknown>> = {
  'status.conditions[].type': 'Succeeded',
  'status.conditions[].status': 'False',
  'status.conditions[].reason': 'Failed',
  'status.conditions[].lastTransitionTime': timeAt(-20),
  'status.completionTime': timeAt(-10),
};

/** An object with a value at every place that the definition has. */
function fullObject(fields: Readonly<Record<string, string>>, without?: string): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [path, type] of Object.entries(fields)) {
    if (path !== without) setAt(object, path.split('.'), exampleByPath[path] ?? exampleByType[type.replace('!', '')]);
  }
  return object;
}

function setAt(target: Record<string, unknown>, [head = '', ...rest]: readonly string[], value: unknown): void {
  const key = head.replace('[]', '');
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const child = childOf(target[key]);
  target[key] = head.endsWith('[]') ? [child] : child;
  setAt(child, rest, value);
}

function withNullAt(object: Record<string, unknown>, path: string): Record<string, unknown> {
  setAt(object, path.split('.'), null);
  return object;
}

function childOf(known: unknown): Record<string, unknown> {
  const child: unknown = Array.isArray(known) ? known[0] : known;
  return isObject(child) ? child : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Notes the path of everything that is read of an object. */
function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const note = (key: string): string => {
    const own = Array.isArray(value) ? `${path}[]` : [path, key].filter((part) => part !== '').join('.');
    if (!Array.isArray(value)) read.add(own);
    return own;
  };
  return new Proxy(value, {
    get: (target, key) => {
      const found: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !(Object.hasOwn(target, key) || !(key in target))) return found;
      if (Array.isArray(target) && key === 'length') return found;
      return watched(found, note(key), read);
    },
  });
}

function metadataOf(kind: (typeof kindNames)[number]) {
  return (kind === 'PipelineRun' ? pipelineRun('a') : taskRun('a')).metadata;
}

describe.each(kindNames)('%s as its definition has it', (kind) => {
  const { plural, columns, fields } = kinds[kind];

  it('is read at places that exist, and at no others', () => {
    const read = new Set<string>();
    // Every place of the definition, and an earlier attempt, which is a status of its own.
    const object = fullObject(fields);
    const status = childOf(object['status']);
    status['retriesStatus'] = kind === 'TaskRun' ? [fullObject(fields)['status']] : undefined;

    RunObject.parse(watched({ ...object, metadata: metadataOf(kind) }, '', read));

    const places = [...read]
      .filter((path) => !path.startsWith('metadata'))
      .map((path) => path.replace('status.retriesStatus[].', 'status.'));
    const known = new Set(Object.keys(fields).flatMap(parentsOf));
    const ofTaskRuns = new Set(Object.keys(kinds.TaskRun.fields).flatMap(parentsOf));
    // One schema reads both kinds; what only TaskRuns have is absent in a PipelineRun.
    expect(places.filter((path) => !known.has(path) && !ofTaskRuns.has(path))).toEqual([]);
    expect(places).toContain('status.conditions[].reason');
    if (kind === 'TaskRun') expect(places).toContain('status.steps[].terminated.exitCode');
  });

  it('has the columns that a Table is read by, with dates where ages are', () => {
    const { columnDefinitions } = Columns.parse(buildTable([], {}, startMs));
    const served = Object.fromEntries(columnDefinitions.map(({ name, type }) => [name, type]));

    expect(served).toEqual({ Name: 'string', ...columns });
    const cells = Object.keys(columns).map((name) => ({ Succeeded: 'True', Reason: 'Completed' })[name] ?? '5s');
    const only = Table.parse({
      kind: 'Table',
      metadata: {},
      columnDefinitions: Object.keys(columns).map((name) => ({ name })),
      rows: [{ cells, object: { metadata: metadataOf(kind) } }],
    });
    const [row] = parseRows(only, startMs, 'test').rows;
    expect(row).toMatchObject({ condition: { status: 'True', reason: 'Completed' } });
    expect([row?.started?.toMs, row?.completed?.toMs]).toEqual([startMs - 5000, startMs - 5000]);
  });

  const optional = Object.entries(fields).filter(([, type]) => !type.endsWith('!'));

  it.each(optional)('still ends without %s, and with null in its place', (missing) => {
    const metadata = metadataOf(kind);
    const objects = [fullObject(fields, missing), withNullAt(fullObject(fields), missing)];

    const runs = objects.map((object) =>
      interpretObject(plural, RunObject.parse({ ...object, metadata }), metadata.uid),
    );

    // Its last change is the next best thing to its end.
    const completedMs = startMs - (missing === 'status.completionTime' ? 20_000 : 10_000);
    expect(runs).toMatchObject([
      { result: 'failure', completedMs },
      { result: 'failure', completedMs },
    ]);
  });
});

describe('the reasons of the current release', () => {
  it.each(kindNames)('of a %s all have a meaning of their own', (kind) => {
    const { Unknown, False } = reasons[kind];

    expect(Unknown.filter((reason) => !phaseByReason.has(reason))).toEqual([]);
    expect(False.filter((reason) => !resultByReason.has(reason))).toEqual([]);
    expect(False.filter((reason) => !failureReasons.includes(reason))).toEqual([]);
  });

  it('are all that has a meaning', () => {
    const known = new Set(kindNames.flatMap((kind) => [...reasons[kind].Unknown, ...reasons[kind].False]));

    expect([...phaseByReason.keys(), ...resultByReason.keys()].filter((reason) => !known.has(reason))).toEqual([]);
  });

  it('tell a cancellation from the timeout of a PipelineRun by the message that Tekton writes', () => {
    expect(resultOf({ condition: ['False', 'TaskRunCancelled'], spec: {} })).toBe('cancellation');
    const spec = { statusMessage: reasons.cancelledByTimeout };
    expect(resultOf({ condition: ['False', 'TaskRunCancelled'], spec })).toBe('timeout');
  });

  it.each([
    ...reasons.steps.controller.map((reason) => [reason, false] as const),
    ...reasons.steps.container.map((reason) => [reason, reason !== 'Completed'] as const),
    ['Skipped', false],
    ['Continued', false],
    ['Cancelled', false],
    ['TimeoutExceeded', true],
  ] as const)('of a step make it a failed one or not: %s', (terminationReason, isFailure) => {
    const exitCode = terminationReason === 'Completed' ? 0 : 1;
    const times = { startedAt: timeAt(-40), finishedAt: timeAt(-20) };
    const steps = [{ name: 'make', terminationReason, terminated: { ...times, exitCode } }];

    expect(finishedOf({ condition: ['False', 'Failed'], status: { steps } })?.failedSteps).toEqual(
      isFailure ? ['make'] : [],
    );
  });

  it('of steps are all in the table above', () => {
    expect(reasons.steps.entrypoint).toEqual(['Skipped', 'Cancelled', 'TimeoutExceeded', 'Continued']);
  });
});

function finishedOf(options: Parameters<typeof taskRun>[1]) {
  const object = taskRun('a', { started: -50, completed: -10, ...options });
  return interpretObject('taskruns', RunObject.parse(object), object.metadata.uid);
}

function resultOf(options: Parameters<typeof taskRun>[1]) {
  return finishedOf(options)?.result;
}

/** `a`, `a.b` and `a.b.c` of `a.b.c`. */
function parentsOf(path: string): readonly string[] {
  const parts = path.split('.');
  return parts.flatMap((_part, index) => {
    const own = parts.slice(0, index + 1).join('.');
    return [own, own.replace(/\[\]$/, '')];
  });
}
