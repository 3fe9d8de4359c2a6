/** Compares an answer with the shape that a vendor publishes for it: names, types, enumerations, and what may be null. */
import * as z from 'zod';

/**
 * A word such as `string`, with `?` where it may be null; or an object that says more. Of the names of fields, those
 * with `~` may be missing. `time` is a date with a time, as RFC 3339 writes it.
 */
export type Shape =
  | string
  | { readonly ref: string }
  | { readonly words: readonly string[]; readonly null?: boolean | undefined }
  | { readonly list: Shape; readonly null?: boolean | undefined }
  | { readonly either: readonly Shape[] }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly null?: boolean | undefined };

export const Shape: z.ZodType<Shape> = z.lazy(() =>
  z.union([
    z.string(),
    z.strictObject({ ref: z.string() }),
    z.strictObject({ words: z.array(z.string()), null: z.boolean().optional() }),
    z.strictObject({ list: Shape, null: z.boolean().optional() }),
    z.strictObject({ either: z.array(Shape) }),
    z.strictObject({ fields: z.record(z.string(), Shape), null: z.boolean().optional() }),
  ]),
);

export type Shapes = Readonly<Record<string, Shape>>;

/** What is wrong, each with its place; empty for an answer that has the shape. */
export function findMismatches(value: unknown, shape: Shape, shapes: Shapes, at = '$'): readonly string[] {
  if (typeof shape === 'string') return hasType(value, shape) ? [] : [describe(at, value, shape)];
  if ('ref' in shape) {
    const named = shapes[shape.ref];
    return named === undefined ? [`${at}: no shape is called ${shape.ref}`] : findMismatches(value, named, shapes, at);
  }
  if ('either' in shape) {
    const tries = shape.either.map((one) => findMismatches(value, one, shapes, at));
    return tries.some((found) => found.length === 0) ? [] : (tries[0] ?? []);
  }
  if (value === null) return shape.null === true ? [] : [describe(at, value, 'not null')];
  if ('words' in shape)
    return typeof value === 'string' && shape.words.includes(value) ? [] : [describe(at, value, shape.words.join('|'))];
  if ('list' in shape) {
    if (!Array.isArray(value)) return [describe(at, value, 'a list')];
    return value.flatMap((one: unknown, index) => findMismatches(one, shape.list, shapes, `${at}[${String(index)}]`));
  }
  return findFieldMismatches(value, shape.fields, shapes, at);
}

function findFieldMismatches(
  value: unknown,
  fields: Readonly<Record<string, Shape>>,
  shapes: Shapes,
  at: string,
): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [describe(at, value, 'an object')];
  const members = new Map<string, unknown>(Object.entries(value));
  const wrong = Object.entries(fields).flatMap(([marked, shape]) => {
    const name = marked.replace(/~$/, '');
    if (!members.has(name)) return marked.endsWith('~') ? [] : [`${at}.${name} is missing`];
    return findMismatches(members.get(name), shape, shapes, `${at}.${name}`);
  });
  const known = new Set(Object.keys(fields).map((name) => name.replace(/~$/, '')));
  const strange = [...members.keys()].filter((name) => !known.has(name)).map((name) => `${at}.${name} is not known`);
  return [...wrong, ...strange];
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  time: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value),
  null: (value) => value === null,
  any: () => true,
};

function hasType(value: unknown, word: string): boolean {
  if (word.endsWith('?') && value === null) return true;
  return types[word.replace(/\?$/, '')]?.(value) ?? false;
}

function describe(at: string, value: unknown, expected: string): string {
  return `${at} is ${JSON.stringify(value)}, not ${expected}`;
}
