/** Parses a metrics page: what a current Prometheus takes is taken, and what it refuses is refused. */
import { createFamilyCollector, type Keep } from './families/collect-families.ts';
import type { Cursor } from './lines/cursor.ts';
import type { Format } from './families/family-rules.ts';
import { checkBeginning } from './lines/first-bytes.ts';
import { createLineCutter, type Line } from './lines/cut-lines.ts';
import { defaultPageLimits, maxLinesOfValue, type PageLimits } from './limits.ts';
import { parseOpenMetricsLine } from './lines/open-metrics-line.ts';
import type { Page } from './page.ts';
import { createRemarks, type Remarks } from './remarks.ts';
import type { Statement } from './lines/statement.ts';
import { PageSyntaxError, UnfinishedQuoteError } from './syntax-error.ts';
import { isComment, parseTextLine } from './lines/text-line.ts';

export interface ParserOptions {
  /** Of the answer's content type; see `detectFormat`. */
  readonly format: Format;
  /** Default: everything. What it turns away is checked all the same, but kept nowhere and counted in no limit. */
  readonly keep?: Keep;
  readonly limits?: Partial<PageLimits>;
}

/** Reads a page in pieces of any size. After an error it must not be used again. */
export interface PageParser {
  /** @throws PageSyntaxError */
  write(chunk: Uint8Array): void;
  /** @throws PageSyntaxError for a page that is not complete. */
  end(): Page;
}

/**
 * Reads text exposition 0.0.4, the same with quoted UTF-8 names (1.0.0), or OpenMetrics 1.0. One line that Prometheus
 * cannot read fails the page, because what stands there may be the text of an error, a login page or half a number. What
 * is only odd is read as Prometheus reads it, and told in the page's remarks.
 */
export function createPageParser({ format, keep = () => true, limits = {} }: ParserOptions): PageParser {
  const allLimits = { ...defaultPageLimits, ...limits };
  const cutter = createLineCutter(allLimits);
  const remarks = createRemarks();
  const families = createFamilyCollector({ format, keep, limits: allLimits, remarks });
  const assembler = format === 'text' ? createAssembler(remarks) : undefined;
  let ended: 'end' | 'cut' | undefined;
  let lastLine = 0;
  let hasBegun = false;

  const takeStatement = (statement: Statement, cursor: Cursor): void => {
    if (statement.says === 'cut') remarks.add(locateCursor(cursor), 'a NUL byte; nothing behind it is read', 'loss');
    if (statement.says === 'end' || statement.says === 'cut') ended = statement.says;
    families.add(statement, cursor);
  };
  const takeLine = (line: Line): void => {
    lastLine = line.number;
    if (ended === 'cut') return;
    if (ended === 'end') throw new PageSyntaxError(line.number, 1, 'nothing may stand after # EOF');
    if (assembler === undefined) {
      assertUtf8(line);
      const cursor = { text: line.text, line: line.number, at: 0, remarks };
      takeStatement(parseOpenMetricsLine(cursor), cursor);
      return;
    }
    const cursor = assembler.add(line);
    const statement = assembler.parse(cursor);
    if (statement !== undefined) takeStatement(statement, cursor);
  };

  return {
    write: (chunk) => {
      const problem = hasBegun ? undefined : checkBeginning(chunk);
      hasBegun = true;
      if (problem !== undefined) throw new PageSyntaxError(1, 1, problem);
      cutter.write(chunk, takeLine);
    },
    end: () => {
      const rest = cutter.end();
      if (rest !== undefined) {
        if (format === 'openmetrics') assertLast(rest);
        else if (ended === undefined) tellUnfinished(rest);
        takeLine(rest);
      }
      assembler?.assertComplete();
      if (format === 'openmetrics' && ended === undefined)
        throw new PageSyntaxError(lastLine + 1, 1, 'the page is cut off: it does not end with # EOF');
      return { ...families.page(), remarks: remarks.all() };
    },
  };

  function tellUnfinished({ text, number }: Line): void {
    const position = { line: number, column: text.length + 1 };
    remarks.add(position, 'the page does not end with a line feed; its last line is kept, but may have been cut off');
  }
}

/** Puts lines together over which a text in quotes runs. */
interface Assembler {
  /** The start of what is to be read now. @throws PageSyntaxError */
  add(line: Line): Cursor;
  /** Undefined when the line is not complete. @throws PageSyntaxError */
  parse(cursor: Cursor): Statement | undefined;
  /** @throws PageSyntaxError when something is missing at the end of the page. */
  assertComplete(): void;
}

function createAssembler(remarks: Remarks): Assembler {
  let waiting: { readonly text: string; readonly line: number; readonly lines: number } | undefined;
  let unfinished: UnfinishedQuoteError | undefined;
  // What an unfinished line is told for, it is told for again when it is read as a whole.
  let pendingRemarks: (() => void)[] = [];
  const later: Pick<Remarks, 'add'> = {
    add: (place, text, kind) => {
      pendingRemarks.push(() => {
        remarks.add(place, text, kind);
      });
    },
  };
  return {
    add: (raw) => {
      if (raw.invalidAt !== undefined && (waiting !== undefined || !isComment(raw.text))) assertUtf8(raw);
      const { text, line, lines } = waiting ?? { text: undefined, line: raw.number, lines: 0 };
      waiting = { text: text === undefined ? raw.text : `${text}\n${raw.text}`, line, lines: lines + 1 };
      return { text: waiting.text, line, at: 0, remarks: later };
    },
    parse: (cursor) => {
      try {
        const statement = parseTextLine(cursor);
        for (const tell of pendingRemarks) tell();
        waiting = undefined;
        unfinished = undefined;
        return statement;
      } catch (error) {
        if (!(error instanceof UnfinishedQuoteError) || (waiting?.lines ?? 0) > maxLinesOfValue) throw error;
        unfinished = error;
        return undefined;
      } finally {
        pendingRemarks = [];
      }
    },
    assertComplete: () => {
      if (unfinished !== undefined) throw unfinished;
    },
  };
}

/** OpenMetrics, ABNF: only the line feed of the last line may be missing. */
function assertLast({ text, number }: Line): void {
  if (text !== '# EOF') throw new PageSyntaxError(number, text.length + 1, 'the page is cut off in this line');
}

function assertUtf8({ number, invalidAt: faultAt }: Line): void {
  if (faultAt !== undefined) throw new PageSyntaxError(number, faultAt, 'this is not UTF-8');
}

function locateCursor({ line, at }: Cursor): { readonly line: number; readonly column: number } {
  return { line, column: at + 1 };
}

/** A whole page at once. @throws PageSyntaxError */
export function parsePage(page: Uint8Array | string, options: ParserOptions): Page {
  const parser = createPageParser(options);
  parser.write(typeof page === 'string' ? new TextEncoder().encode(page) : page);
  return parser.end();
}
