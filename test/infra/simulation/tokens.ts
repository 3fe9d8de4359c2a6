/** Words, numbers, texts in quotes and signs of an expression, and a cursor over them: what all three parsers share. */

const pattern = /\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(>=|<=|==|!=|[-+*/()<>=,]))/gy;

export interface Token {
  readonly kind: 'text' | 'word' | 'number' | 'sign';
  readonly text: string;
}

export interface Cursor {
  readonly peek: () => Token | undefined;
  readonly next: () => Token;
  /** Takes the token when it is this sign or word. */
  readonly take: (text: string) => boolean;
  readonly expect: (text: string) => void;
}

/** @throws Error for what is no token, and where more is expected than there is. */
export function cursorOver(expression: string): Cursor {
  const tokens = tokensOf(expression);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const next = (): Token => {
    const token = tokens[at];
    if (token === undefined) throw new Error(`unexpected end of ${expression}`);
    at += 1;
    return token;
  };
  const take = (text: string): boolean => {
    const token = peek();
    const isIt = token !== undefined && token.kind !== 'text' && token.text === text;
    if (isIt) at += 1;
    return isIt;
  };
  return {
    peek,
    next,
    take,
    expect: (text) => {
      if (!take(text)) throw new Error(`expected ${text} and not ${peek()?.text ?? 'the end'} in ${expression}`);
    },
  };
}

function tokensOf(expression: string): readonly Token[] {
  const text = expression.trim();
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new Error(`cannot read "${text.slice(from, from + 20)}" in ${expression}`);
    tokens.push(tokenOf(match));
  }
  return tokens;
}

function tokenOf([, double, single, word, number, sign = '']: RegExpExecArray): Token {
  const text = double ?? single;
  if (text !== undefined) return { kind: 'text', text };
  if (word !== undefined) return { kind: 'word', text: word };
  return number === undefined ? { kind: 'sign', text: sign } : { kind: 'number', text: number };
}
