/** Finds the named functions of TypeScript files by their syntax trees. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A function that has a name: a declaration, a constant that holds one, or a method. */
export interface NamedFunction {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

/** Functions given as arguments or kept in object literals have no name of their own and are not counted. */
function findName(node: ts.Node): ts.Identifier | undefined {
  if (ts.isFunctionDeclaration(node)) return node.body === undefined ? undefined : node.name;
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
    return ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer) ? node.name : undefined;
  }
  return ts.isMethodDeclaration(node) && ts.isIdentifier(node.name) ? node.name : undefined;
}

/** The named functions of one file's text, in their order. */
export function findFunctions(file: string, text: string): NamedFunction[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: NamedFunction[] = [];
  const visit = (node: ts.Node): void => {
    const name = findName(node);
    if (name !== undefined) {
      found.push({ file, name: name.text, line: source.getLineAndCharacterOfPosition(name.getStart()).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The named functions of every TypeScript file below a folder. */
export function listFunctions(folder: string): NamedFunction[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return paths.sort().flatMap((path) => {
    const file = join(folder, path);
    return findFunctions(file, readFileSync(file, 'utf8'));
  });
}
