/** How large a metrics page and its parts may be before the page is refused. */

/** The limits of one page; a page beyond one of them is refused with an error, and never cut silently. */
export interface PageLimits {
  /** Of the decoded page. */
  readonly maxBytes: number;
  /** Sample lines that are kept. */
  readonly maxSeries: number;
  /** Names that are described or have samples, wanted or not. */
  readonly maxMetrics: number;
}

export const defaultPageLimits: PageLimits = {
  /** kube-state-metrics of a cluster with some thousand pods; what is larger does not fit the function's memory. */
  maxBytes: 32 * 1024 * 1024,
  /** Each costs about half a kilobyte until the run is over. */
  maxSeries: 50_000,
  /** Each is remembered until the page ends, wanted or not; no ordinary page has more. */
  maxMetrics: 50_000,
};

/** Characters of the page that an error quotes. */
export const maxQuoted = 40;

/** Lines that one label value may run over: with more, a closing quote is missing, and each line is parsed again. */
export const maxLinesOfValue = 1000;
