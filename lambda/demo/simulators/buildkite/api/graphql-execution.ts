/** Answers a GraphQL query from objects: exactly the fields that it selects, and a refusal for one that does not exist. */
import type { GraphqlDocument, Selection } from './graphql-document.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** An object with every field of its type; a function stands for a field that takes arguments. */
export interface GraphqlObject {
  readonly __typename: string;
  readonly [field: string]: GraphqlValue | ((given: Variables) => GraphqlValue);
}

export type GraphqlValue = string | number | boolean | null | GraphqlObject | readonly GraphqlValue[];

/** As Buildkite words it, in an answer with status 200. */
export class UnknownFieldError extends Error {
  override readonly name = 'UnknownFieldError';

  constructor(field: string, type: string) {
    super(`Field '${field}' doesn't exist on type '${type}'`);
  }
}

/** @throws UnknownFieldError */
export function executeGraphql({ selections }: GraphqlDocument, root: GraphqlObject, variables: Variables): unknown {
  return selectFields(root, selections, variables);
}

function selectFields(
  object: GraphqlObject,
  selections: readonly Selection[],
  variables: Variables,
): Readonly<Record<string, unknown>> {
  const { __typename: type } = object;
  const entries = selections
    .filter(({ onType }) => onType === undefined || onType === type)
    .map((selection) => {
      const field = Object.hasOwn(object, selection.name) ? object[selection.name] : undefined;
      if (field === undefined) throw new UnknownFieldError(selection.name, type);
      const value = typeof field === 'function' ? field(resolveArguments(selection, variables)) : field;
      return [selection.alias, selectValue(value, selection.selections, variables)] as const;
    });
  return Object.fromEntries(entries);
}

function selectValue(value: GraphqlValue, selections: readonly Selection[], variables: Variables): unknown {
  if (isList(value)) return value.map((element) => selectValue(element, selections, variables));
  return typeof value === 'object' && value !== null ? selectFields(value, selections, variables) : value;
}

function isList(value: GraphqlValue): value is readonly GraphqlValue[] {
  return Array.isArray(value);
}

/** Values of variables; what is written into the query stays the text that it is. */
function resolveArguments({ arguments: given }: Selection, variables: Variables): Variables {
  return Object.fromEntries(
    [...given].map(([name, text]) => [name, text.startsWith('$') ? variables[text.slice(1)] : text]),
  );
}
