/** What a page may cost; each is an error of its own when it is passed, never a silent cut. */
export interface PageLimits {
  /** Of the decoded page. */
  readonly maxBytes: number;
  readonly maxLineBytes: number;
  /** Sample lines that are kept, and metrics that are described. */
  readonly maxSeries: number;
}

export const defaultPageLimits: PageLimits = {
  /** kube-state-metrics of a cluster with some thousand pods; what is larger does not fit the function's memory. */
  maxBytes: 32 * 1024 * 1024,
  /** The longest honest lines are help texts and paths in labels, a few kilobytes. */
  maxLineBytes: 64 * 1024,
  /** Each costs about half a kilobyte until the run is over. */
  maxSeries: 50_000,
};

/** OpenMetrics 1.0, "Exemplars": characters of all names and values together. */
export const maxExemplarCharacters = 128;

/** Characters of the page that an error quotes. */
export const maxQuoted = 40;
