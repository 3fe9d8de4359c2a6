/** Types of the one module of prom-client that is used. */

/**
 * The one module of prom-client that is used, by path: its index loads every metric type, the default metrics and their
 * dependencies, 67 kB of bundle instead of 5.
 */
declare module 'prom-client/lib/registry.js' {
  interface PageLine {
    /** Default: the name of the metric. */
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Left out, each line gets an object of its own that the registry then keeps in a weak map: a third of its time. */
    readonly sharedLabels: Readonly<Record<string, string>>;
    readonly value: number;
  }

  /** What the registry asks of a metric when it writes the page. */
  interface PageMetric {
    readonly name: string;
    get(): Promise<{
      readonly name: string;
      readonly help: string;
      readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'untyped';
      /** Walked once, from the first to the last. */
      readonly values: Iterable<PageLine>;
    }>;
  }

  class Registry {
    registerMetric(metric: PageMetric): void;
    /** Without a line feed at the end. */
    getSingleMetricAsString(name: string): Promise<string>;
  }

  export = Registry;
}
