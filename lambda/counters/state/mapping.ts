/** A zod schema for objects whose names come from outside; zod's own record leaves out the name `__proto__`. */
import * as z from 'zod';

const Mapping = z.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
  error: 'must be a mapping',
});

/** Every own name of an object, whatever it is called, with a value that fits. */
export function defineMapping<Value>(value: z.ZodType<Value>): z.ZodType<Record<string, Value>> {
  return Mapping.transform((given, context) => {
    const read = Object.entries(given).flatMap(([name, item]: readonly [string, unknown]) => {
      const { data, error, success } = value.safeParse(item);
      if (success) return [[name, data] as const];
      for (const { message, path } of error.issues)
        context.issues.push({ code: 'custom', message, path: [name, ...path], input: item });
      return [];
    });
    // Unlike an assignment, this makes `__proto__` a name as any other.
    return Object.fromEntries(read);
  });
}
