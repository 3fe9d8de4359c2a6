/** The errors for which a page is refused as a whole. */

/** The page is not what its content type promises, or larger than allowed; nothing of it may be used. */
export class PageSyntaxError extends Error {
  override readonly name: string = 'PageSyntaxError';
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Without the place; quotes at most a few characters of the page. */
  readonly reason: string;

  constructor(line: number, column: number, reason: string) {
    super(`line ${String(line)}, column ${String(column)}: ${reason}`);
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}

/** The page has more series than are wanted of it. */
export class TooManySeriesError extends PageSyntaxError {}

/** A text in quotes that does not end on its line. In the text format it may end on a later one. */
export class UnfinishedQuoteError extends PageSyntaxError {
  constructor(line: number, column: number) {
    super(line, column, 'the quoted text does not end on its line');
  }
}
