/** Makes the answer that Buildkite's published schema promises for a query, and finds the places that may be null in it. */
import * as z from 'zod';
import { parseGraphql, type Selection } from '../../../../lambda/demo/simulators/buildkite/api/graphql-document.ts';
import { type Path, vendorFacts } from '../../../support/vendor-facts.ts';

const Names = z.array(z.string());

export const schema = vendorFacts(
  'buildkite/graphql.json',
  z.object({
    types: z.record(z.string(), z.record(z.string(), z.string())),
    arguments: z.record(z.string(), z.record(z.string(), z.string())),
    possibleTypes: z.record(z.string(), Names),
    enums: z.record(z.string(), Names),
  }),
);

/** What a query asks for that the schema does not have. */
export function faultsOf(query: string): readonly string[] {
  const document = parseGraphql(query);
  const unused = [...document.variables.keys()].filter((name) => !new RegExp(`\\$${name}\\b(?!:)`).test(bodyOf(query)));
  return [
    ...unused.map((name) => `$${name} is declared and not used`),
    ...selectionFaults(document.selections, 'Query', document.variables),
  ];
}

function bodyOf(query: string): string {
  return query.slice(query.indexOf('{'));
}

function selectionFaults(
  selections: readonly Selection[],
  type: string,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  return selections.flatMap((selection) => {
    const owner = selection.onType ?? type;
    const place = `${owner}.${selection.name}`;
    const told = schema.types[owner]?.[selection.name];
    const isPossible = owner === type || schema.possibleTypes[type]?.includes(owner) === true;
    if (told === undefined || !isPossible) return [`${place} does not exist where ${type} is`];
    const isObject = schema.types[bare(told)] !== undefined || schema.possibleTypes[bare(told)] !== undefined;
    const shape = isObject === selection.selections.length > 0 ? [] : [`${place} is ${told}`];
    return [
      ...shape,
      ...argumentFaults(place, selection, variables),
      ...selectionFaults(selection.selections, bare(told), variables),
    ];
  });
}

function argumentFaults(
  place: string,
  { arguments: given }: Selection,
  variables: ReadonlyMap<string, string>,
): readonly string[] {
  return [...given].flatMap(([name, value]) => {
    const told = schema.arguments[place]?.[name];
    if (told === undefined) return [`${place} takes no ${name}`];
    if (value.startsWith('$')) {
      const declared = variables.get(value.slice(1));
      return declared?.replace(/!$/, '') === told.replace(/!$/, '') ? [] : [`${place}: ${name} is ${told}`];
    }
    const values = schema.enums[bare(told)] ?? [];
    return value
      .split(/[\s[\]]+/)
      .filter((word) => word !== '' && !values.includes(word))
      .map((word) => `${place}: ${word} is no ${bare(told)}`);
  });
}

function bare(type: string): string {
  return type.replace(/[[\]!]/g, '');
}

/** An answer with two elements in every list and nothing left out. */
export function fullAnswer(query: string): unknown {
  let made = 0;
  const next = (): number => (made += 1);
  return objectOf(parseGraphql(query).selections, 'Query', next);
}

function objectOf(
  selections: readonly Selection[],
  type: string,
  next: () => number,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    selections.map(({ alias, name, onType, selections: inner }) => {
      const told = schema.types[onType ?? type]?.[name] ?? '';
      return [alias, valueOf(told, name, inner, next)];
    }),
  );
}

function valueOf(type: string, name: string, selections: readonly Selection[], next: () => number): unknown {
  const required = type.replace(/!$/, '');
  if (required.startsWith('[')) {
    const element = required.slice(1, -1);
    return [0, 1].map(() => valueOf(element, name, selections, next));
  }
  if (selections.length > 0) return objectOf(selections, required, next);
  return scalarOf(required, name, next());
}

function scalarOf(type: string, name: string, number: number): unknown {
  if (type === 'Int' || type === 'Float') return number;
  if (type === 'Boolean') return false;
  if (type === 'DateTime') return answeredAt;
  return type === 'JobStates' ? 'SCHEDULED' : `${name}-${String(number)}`;
}

/** Every time in the answers, as Buildkite writes it. */
const answeredAt = '2026-01-05T11:59:00Z';

/** Every place of the full answer that the schema allows to be null; of two elements of a list the first. */
export function nullablePlaces(query: string): readonly Path[] {
  return placesIn(parseGraphql(query).selections, 'Query');
}

function placesIn(selections: readonly Selection[], type: string): readonly Path[] {
  return selections.flatMap(({ alias, name, onType, selections: inner }) => {
    const told = schema.types[onType ?? type]?.[name] ?? '';
    return placesAt(told, inner).map((path) => [alias, ...path]);
  });
}

function placesAt(type: string, selections: readonly Selection[]): readonly Path[] {
  const own: readonly Path[] = type.endsWith('!') ? [] : [[]];
  const required = type.replace(/!$/, '');
  if (required.startsWith('[')) {
    return [...own, ...placesAt(required.slice(1, -1), selections).map((path) => [0, ...path])];
  }
  return [...own, ...placesIn(selections, required)];
}

/** All values of members with this name, wherever they stand. */
export function valuesNamed(answer: unknown, name: string): readonly unknown[] {
  if (typeof answer !== 'object' || answer === null) return [];
  return Object.entries<unknown>({ ...answer }).flatMap(([member, value]) => [
    ...(member === name ? [value] : []),
    ...valuesNamed(value, name),
  ]);
}
