/** Finds the value and the schema at a path of the configuration. */
import * as z from 'zod';
import type { ConfigPath } from './config-error.ts';

/** A value and the schema that it should fit; explanations look things up in both. */
export interface Explained {
  readonly schema: unknown;
  /** As it was written. */
  readonly value: unknown;
}

/** A schema without what only says that it may be absent. */
export function unwrapSchema(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path of plain data. */
export function findValue(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (Array.isArray(inner)) return typeof part === 'number' ? (inner as readonly unknown[])[part] : undefined;
    return isRecord(inner) && typeof part === 'string' && Object.hasOwn(inner, part) ? inner[part] : undefined;
  }, value);
}

/** The schema of one element of a value; `value` decides between the options of a union. */
export function findSchemaBelow(schema: unknown, value: unknown, part: string | number): unknown {
  const outer = unwrapSchema(schema);
  if (outer instanceof z.ZodUnion) {
    const option = chooseOption(outer, value);
    return option === undefined ? undefined : findSchemaBelow(option, value, part);
  }
  if (outer instanceof z.ZodObject) return typeof part === 'string' ? findMember(outer, part) : undefined;
  if (outer instanceof z.ZodArray) return outer.element;
  return outer instanceof z.ZodRecord ? outer.valueType : undefined;
}

function findMember(schema: z.ZodObject, name: string): unknown {
  return Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
}

/** A setting as it was written, with its place and its schema. */
export interface LocatedSetting {
  readonly path: ConfigPath;
  /** Without what only says that it may be absent. */
  readonly schema: unknown;
  readonly value: unknown;
}

/** All settings of a value, each before what it holds. The schema leads, not the shape of the data. */
export function* walkSettings(schema: unknown, value: unknown, path: ConfigPath = []): Generator<LocatedSetting> {
  const outer = unwrapSchema(schema);
  yield { path, schema: outer, value };
  if (Array.isArray(value))
    for (const [index, item] of value.entries())
      yield* walkSettings(findSchemaBelow(outer, value, index), item, [...path, index]);
  else if (isRecord(value))
    for (const [name, item] of Object.entries(value))
      yield* walkSettings(findSchemaBelow(outer, value, name), item, [...path, name]);
}

/** The schema at a path, where the value leaves no doubt about it. */
export function findSchema(root: unknown, value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (schema, part, index) => findSchemaBelow(schema, findValue(value, path.slice(0, index)), part),
    root,
  );
}

/** The options of a union, unions in it included. */
export function expandOptions(schema: unknown): readonly unknown[] {
  const outer = unwrapSchema(schema);
  return outer instanceof z.ZodUnion ? outer.options.flatMap(expandOptions) : [outer];
}

/** Settings that an option of a union cannot do without; they tell it from the others. */
export function findRequiredKeys(option: unknown): readonly string[] {
  if (!(option instanceof z.ZodObject)) return [];
  return Object.entries(option.shape)
    .filter(([, member]) => unwrapSchema(member) === member)
    .map(([name]) => name);
}

/** The one option of a union that a value means: by its `kind`, or by a setting that only this option has. */
export function chooseOption(union: unknown, value: unknown): unknown {
  if (!isRecord(value)) return undefined;
  const options = expandOptions(union);
  const ofKind = options.find((option) => isOfKind(option, value['kind']));
  if (ofKind !== undefined) return ofKind;
  const named = options.filter((option) => findRequiredKeys(option).some((name) => Object.hasOwn(value, name)));
  return named.length === 1 ? named[0] : undefined;
}

function isOfKind(option: unknown, kind: unknown): boolean {
  if (!(option instanceof z.ZodObject)) return false;
  const { kind: member } = option.shape;
  return member instanceof z.ZodLiteral && member.value === kind;
}
