import { createFamilyCollector, type Keep } from './collect-families.ts';
import type { Format } from './family-rules.ts';
import { createLineCutter } from './lines.ts';
import { defaultPageLimits, type PageLimits } from './limits.ts';
import { readOpenMetricsLine } from './open-metrics-line.ts';
import type { Page } from './page.ts';
import { PageSyntaxError } from './syntax-error.ts';
import { readTextLine } from './text-line.ts';

export interface ParserOptions {
  /** Of the answer's content type; see `formatOf`. */
  readonly format: Format;
  /** Default: everything. What it turns away is checked all the same, but kept nowhere and counted in no limit. */
  readonly keep?: Keep;
  readonly limits?: Partial<PageLimits>;
}

/** Reads a page in pieces of any size. After an error it must not be used again. */
export interface PageParser {
  /** @throws PageSyntaxError */
  write(chunk: Uint8Array): void;
  /** @throws PageSyntaxError for a page that was cut off. */
  end(): Page;
}

/**
 * Reads text exposition 0.0.4, the same with quoted UTF-8 names (1.0.0), or OpenMetrics 1.0, strictly by the grammar:
 * one bad line fails the page, because what stands there may be the text of an error, a login page or half a number.
 */
export function createPageParser({ format, keep = () => true, limits = {} }: ParserOptions): PageParser {
  const allLimits = { ...defaultPageLimits, ...limits };
  const cutter = createLineCutter(allLimits);
  const families = createFamilyCollector(format, keep, allLimits.maxSeries);
  const readLine = format === 'text' ? readTextLine : readOpenMetricsLine;
  let hasEnded = false;
  let lastLine = 0;

  const onLine = (raw: string, line: number): void => {
    lastLine = line;
    if (hasEnded) throw new PageSyntaxError(line, 1, 'nothing may stand after # EOF');
    const text = format === 'text' && raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const cursor = { text, line, at: 0 };
    const statement = readLine(cursor);
    if (statement.says === 'end') hasEnded = true;
    families.add(statement, cursor);
  };

  return {
    write: (chunk) => {
      cutter.write(chunk, onLine);
    },
    end: () => {
      const rest = cutter.end();
      if (rest !== undefined) {
        // OpenMetrics, ABNF: only the line feed of the last line may be missing.
        const isLast = format === 'openmetrics' && rest.text === '# EOF';
        if (!isLast) throw new PageSyntaxError(rest.line, rest.text.length + 1, 'the page is cut off in this line');
        onLine(rest.text, rest.line);
      }
      if (format === 'openmetrics' && !hasEnded)
        throw new PageSyntaxError(lastLine + 1, 1, 'the page is cut off: it does not end with # EOF');
      return families.page();
    },
  };
}

/** A whole page at once. @throws PageSyntaxError */
export function parsePage(page: Uint8Array | string, options: ParserOptions): Page {
  const parser = createPageParser(options);
  parser.write(typeof page === 'string' ? new TextEncoder().encode(page) : page);
  return parser.end();
}
