/** Reads a GraphQL query: its operation and what it selects, for queries without fragments of their own and directives. */

import { append } from '../../../../model/lists/append.ts';

/** A field that a query asks for. */
export interface Selection {
  readonly name: string;
  /** Under which name the answer holds it. */
  readonly alias: string;
  /** As they are written, such as `$first` or `[COMMAND]`. */
  readonly arguments: ReadonlyMap<string, string>;
  /** Only where the object is of this type. */
  readonly onType: string | undefined;
  /** Empty for a value. */
  readonly selections: readonly Selection[];
}

export interface GraphqlDocument {
  readonly operation: string;
  /** Types by name, such as `ID!`. */
  readonly variables: ReadonlyMap<string, string>;
  readonly selections: readonly Selection[];
}

/** The text is not GraphQL, or uses a part of it that is not read here. */
export class GraphqlSyntaxError extends Error {
  override readonly name = 'GraphqlSyntaxError';
}

/** @throws GraphqlSyntaxError */
export function parseGraphql(text: string): GraphqlDocument {
  const reader = createReader(text);
  reader.expect('query');
  const operation = reader.next();
  const variables = new Map<string, string>();
  if (reader.takes('(')) {
    while (!reader.takes(')')) {
      reader.expect('$');
      const name = reader.next();
      reader.expect(':');
      variables.set(name, parseValue(reader));
    }
  }
  const selections = parseSelections(reader, undefined);
  if (!reader.isDone()) throw new GraphqlSyntaxError(`unexpected ${reader.next()}`);
  return { operation, variables, selections };
}

function parseSelections(reader: Reader, onType: string | undefined): readonly Selection[] {
  reader.expect('{');
  const selections: Selection[] = [];
  while (!reader.takes('}')) {
    if (reader.takes('...')) {
      reader.expect('on');
      const type = reader.next();
      append(selections, parseSelections(reader, type));
    } else selections.push(parseSelection(reader, onType));
  }
  return selections;
}

function parseSelection(reader: Reader, onType: string | undefined): Selection {
  const first = reader.next();
  const name = reader.takes(':') ? reader.next() : first;
  const given = new Map<string, string>();
  if (reader.takes('(')) {
    while (!reader.takes(')')) {
      const argument = reader.next();
      reader.expect(':');
      given.set(argument, parseValue(reader));
    }
  }
  const selections = reader.peek() === '{' ? parseSelections(reader, undefined) : [];
  return { name, alias: first, arguments: given, onType, selections };
}

/** A name, a variable or a list, with the mark of what is never null. */
function parseValue(reader: Reader): string {
  let text = reader.takes('$') ? `$${reader.next()}` : reader.next();
  if (text === '[') {
    const elements: string[] = [];
    while (!reader.takes(']')) elements.push(parseValue(reader));
    text = `[${elements.join(' ')}]`;
  }
  return reader.takes('!') ? `${text}!` : text;
}

interface Reader {
  peek(): string | undefined;
  next(): string;
  takes(token: string): boolean;
  expect(token: string): void;
  isDone(): boolean;
}

/** Commas mean nothing in GraphQL. */
const token = /\.\.\.|[{}()[\]:!$]|[\w-]+|[^\s,]/g;

function createReader(text: string): Reader {
  const tokens = text.match(token) ?? [];
  let at = 0;
  const takeNext = (): string => {
    const found = tokens[at];
    if (found === undefined) throw new GraphqlSyntaxError('the query ends too early');
    at += 1;
    return found;
  };
  const takeIf = (wanted: string): boolean => {
    if (tokens[at] !== wanted) return false;
    at += 1;
    return true;
  };
  return {
    peek: () => tokens[at],
    next: takeNext,
    takes: takeIf,
    expect: (wanted) => {
      if (!takeIf(wanted)) throw new GraphqlSyntaxError(`expected ${wanted} in place of ${takeNext()}`);
    },
    isDone: () => at === tokens.length,
  };
}
