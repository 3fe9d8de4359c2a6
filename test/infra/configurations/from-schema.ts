/** Any value that a JSON Schema describes, so that a setting which is added to the schema is tried without a word here. */
import * as fc from 'fast-check';
import * as z from 'zod';

interface Schema {
  readonly $ref?: string | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly propertyNames?: Schema | undefined;
  readonly items?: Schema | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly maxLength?: number | undefined;
}

const Schema: z.ZodType<Schema> = z.looseObject({
  $ref: z.string().optional(),
  get anyOf() {
    return z.array(Schema).optional();
  },
  get oneOf() {
    return z.array(Schema).optional();
  },
  enum: z.array(z.unknown()).optional(),
  type: z.string().optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  required: z.array(z.string()).optional(),
  get additionalProperties() {
    return z.union([z.boolean(), Schema]).optional();
  },
  get propertyNames() {
    return Schema.optional();
  },
  get items() {
    return Schema.optional();
  },
  minItems: z.int().optional(),
  maxItems: z.int().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  maxLength: z.int().optional(),
});

const Document = z.looseObject({ $ref: z.string(), $defs: z.record(z.string(), Schema) });

export interface Choices {
  /** Texts of a setting by its name, where a pattern alone would never find those that are alike or that matter. */
  readonly byName: Readonly<Record<string, readonly string[]>>;
  /** Texts by their `format`. */
  readonly byFormat: Readonly<Record<string, readonly string[]>>;
  /** Where the schema says nothing but that it is a text. */
  readonly free: readonly string[];
}

/** What the schema describes; rules beyond the schema may still refuse it. */
export function valuesOf(document: unknown, choices: Choices): fc.Arbitrary<unknown> {
  const { $ref, $defs } = Document.parse(document);
  const known = new Map<string, fc.Arbitrary<unknown>>();
  const valueOf = (schema: Schema, name: string): fc.Arbitrary<unknown> => {
    if (schema.$ref !== undefined) return referred(schema.$ref, name);
    const options = schema.anyOf ?? schema.oneOf;
    if (options !== undefined) return fc.oneof(...options.map((option) => valueOf(option, name)));
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    if (schema.type === 'array') return arrayOf(schema, name);
    if (schema.type === 'object') return schema.properties === undefined ? recordOf(schema) : objectOf(schema);
    if (schema.type === 'boolean') return fc.boolean();
    if (schema.type === 'integer' || schema.type === 'number') return numberOf(schema);
    if (schema.type === 'string') return textOf(schema, name, choices);
    throw new Error(`the JSON Schema has at ${name} what is not generated yet: ${JSON.stringify(schema)}`);
  };
  const referred = (pointer: string, name: string): fc.Arbitrary<unknown> => {
    const id = `${pointer} ${name}`;
    const schema = $defs[pointer.replace('#/$defs/', '')];
    if (schema === undefined) throw new Error(`the JSON Schema has no ${pointer}`);
    const made = known.get(id) ?? valueOf(schema, name);
    known.set(id, made);
    return made;
  };
  const arrayOf = ({ items = {}, minItems = 0, maxItems = most }: Schema, name: string): fc.Arbitrary<unknown> =>
    fc.array(valueOf(items, name), { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, most)) });
  const recordOf = ({ propertyNames = { type: 'string' }, additionalProperties }: Schema): fc.Arbitrary<unknown> =>
    fc.dictionary(
      textOf(propertyNames, 'key', choices),
      typeof additionalProperties === 'object' ? valueOf(additionalProperties, 'value') : fc.string(),
      { maxKeys: most },
    );
  const objectOf = ({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> => {
    const members = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, valueOf(schema, name)]),
    );
    const needed = Object.fromEntries(Object.entries(members).filter(([name]) => required.includes(name)));
    return fc.oneof(
      fc.record(needed),
      fc.record(members, { requiredKeys: Object.keys(needed) }),
      // All at once, for what only goes wrong together.
      { arbitrary: fc.record(members), weight: 1 },
    );
  };
  return valueOf({ $ref }, '');
}

/** Elements of a list or a record: enough for twins, and a synthesis stays fast. */
const most = 4;

function numberOf({ type, minimum, maximum, exclusiveMinimum }: Schema): fc.Arbitrary<number> {
  const least = minimum ?? (exclusiveMinimum === undefined ? 0 : exclusiveMinimum + 1);
  const highest = maximum ?? least + 1_000;
  const values = fc.integer({ min: least, max: highest });
  return type === 'integer' ? fc.oneof(fc.constantFrom(least, highest), values) : values;
}

function textOf({ pattern, format, maxLength }: Schema, name: string, choices: Choices): fc.Arbitrary<string> {
  const chosen = choices.byName[name] ?? (format === undefined ? undefined : choices.byFormat[format]);
  if (chosen !== undefined) return fc.constantFrom(...chosen);
  const free = choices.free.filter((text) => text.length <= (maxLength ?? text.length));
  // A class of Unicode is more than the generator of texts knows; the checks choose among the free ones.
  if (pattern === undefined || pattern.includes('\\p{')) return fc.constantFrom(...free);
  // Nor what must not follow: the checks refuse it.
  return fc.stringMatching(new RegExp(pattern.replace(/\(\?!(?:\\.|[^)])*\)/g, '')), { size: 'small' });
}
