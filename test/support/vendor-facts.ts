/** Reads what a vendor publishes about its API from `test/fixtures/vendor/`, and makes answers with one null in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const folder = join(import.meta.dirname, '../fixtures/vendor');

/** Every file says where it comes from, so that it can be checked again. */
const Origin = z.object({ source: z.string().min(1), note: z.string().min(1) });

/** The facts of one file, such as `buildkite/graphql.json`. @throws where the file is not what the test expects */
export function vendorFacts<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  const facts: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  Origin.parse(facts);
  return schema.parse(facts);
}

/** Where something stands in an answer: names of members and places in lists. */
export type Path = readonly (string | number)[];

/** The same answer with null at one place. @throws where the answer has no such place */
export function withNullAt(answer: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return null;
  if (isList(answer)) {
    return answer.map((element, index) => (index === step ? withNullAt(element, rest) : element));
  }
  if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, step)) {
    throw new Error(`the answer has nothing at ${String(step)}`);
  }
  const members = Object.entries<unknown>({ ...answer }).map(([name, value]) => [
    name,
    name === step ? withNullAt(value, rest) : value,
  ]);
  return Object.fromEntries(members);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
