/** What proves a webhook is compared in constant time only: SECURITY.md promises it, and no answer can show it. */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { textOf } from './files.ts';

/** What ends early where two texts differ, and so tells how much of them is alike. */
const equality: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);
const comparing = /^(?:equals|compare|localeCompare|includes|indexOf|startsWith|endsWith|match|test|has|search)$/;

/** Names under which a proof or what it is compared with is held. */
const proof = /secret|signature|expected|digest|hmac|given|token|hex|presented/i;

/** Comparisons in which such a value takes part; with `undefined` it is only asked whether there is one. */
function earlyEndsIn(source: string): readonly string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && equality.has(node.operatorToken.kind)) {
      const sides = [node.left, node.right].map((side) => side.getText(file));
      const isQuestion = sides.some((side) => side === 'undefined' || /^'[^']*'$/.test(side));
      if (!isQuestion && sides.some((side) => proof.test(side))) found.push(node.getText(file));
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      const parts = [expression, ...node.arguments].map((part) => part.getText(file));
      if (comparing.test(name.text) && parts.some((part) => proof.test(part))) found.push(node.getText(file));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe('a proof of a webhook', () => {
  it.each(['lambda/events/webhook-schemes.ts', 'lambda/events/judge-webhook.ts', 'lambda/webhook.ts'])(
    'is compared in constant time only, in %s',
    (path) => {
      expect(earlyEndsIn(textOf(path))).toEqual([]);
    },
  );

  it('has a comparison in constant time for each way to prove a delivery', () => {
    const source = textOf('lambda/events/webhook-schemes.ts');
    const uses = source.match(/timingSafeEqual\(/g) ?? [];

    // The signatures share one, the token has its own.
    expect(uses).toHaveLength(2);
  });

  it.each([
    'given === secret',
    'secret.startsWith(given)',
    'digestOf(given) !== digestOf(secret)',
    'a.equals(expected)',
  ])('would be found if it were compared by %s', (comparison) => {
    expect(earlyEndsIn(`const isProof = ${comparison};`)).toEqual([comparison]);
  });

  it.each(['given !== undefined', "secret === ''", 'timingSafeEqual(given, expected)'])(
    'may be asked: %s',
    (question) => {
      expect(earlyEndsIn(`const is = ${question};`)).toEqual([]);
    },
  );
});
