/** What CloudWatch has stored of a simulated account: points by metric, each visible from the moment it has arrived. */

export interface StoredMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

interface Point {
  readonly atSeconds: number;
  readonly arrivesAtSeconds: number;
  readonly value: number;
}

interface Stored extends StoredMetric {
  readonly points: Point[];
}

export type Statistic = 'Maximum' | 'Minimum' | 'Sum' | 'Average' | 'SampleCount';

/** A stretch of whole periods that ends, exclusively, at a moment; and what has arrived by then. */
export interface Window {
  readonly untilSeconds: number;
  readonly periodSeconds: number;
  readonly count: number;
  readonly nowSeconds: number;
}

export class MetricStore {
  readonly #metrics = new Map<string, Stored>();

  add(metric: StoredMetric, point: Point): void {
    const key = keyOf(metric);
    const stored = this.#metrics.get(key) ?? { ...metric, points: [] };
    this.#metrics.set(key, stored);
    stored.points.push(point);
  }

  /** One value a period, the oldest first. */
  series(metric: StoredMetric, statistic: Statistic, window: Window): readonly (number | undefined)[] {
    const stored = this.#metrics.get(keyOf(metric));
    return stored === undefined
      ? Array.from({ length: window.count }, () => undefined)
      : seriesOf(stored.points, statistic, window);
  }

  /** The metrics with exactly these dimensions. */
  matching(namespace: string, name: string, dimensionNames: readonly string[]): readonly StoredMetric[] {
    const wanted = [...dimensionNames].sort().join();
    return [...this.#metrics.values()].filter(
      (metric) =>
        metric.namespace === namespace &&
        metric.name === name &&
        Object.keys(metric.dimensions).sort().join() === wanted,
    );
  }

  /** Whether any metric of this name was ever stored, whatever its dimensions are. */
  names(): ReadonlySet<string> {
    return new Set([...this.#metrics.values()].map(({ namespace, name }) => `${namespace} ${name}`));
  }
}

function keyOf({ namespace, name, dimensions }: StoredMetric): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort()]);
}

function seriesOf(points: readonly Point[], statistic: Statistic, window: Window): readonly (number | undefined)[] {
  const { untilSeconds, periodSeconds, count, nowSeconds } = window;
  const from = untilSeconds - count * periodSeconds;
  const buckets = Array.from({ length: count }, (): number[] => []);
  // Newest last, and windows lie near the end: what is older than the window ends the search.
  for (let index = points.length - 1; index >= 0; index -= 1) {
    const point = points[index];
    if (point === undefined || point.atSeconds < from - periodSeconds) break;
    if (point.atSeconds < from || point.atSeconds >= untilSeconds || point.arrivesAtSeconds > nowSeconds) continue;
    buckets[Math.floor((point.atSeconds - from) / periodSeconds)]?.push(point.value);
  }
  return buckets.map((values) => (values.length === 0 ? undefined : statisticOf(values, statistic)));
}

function statisticOf(values: readonly number[], statistic: Statistic): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  switch (statistic) {
    case 'Maximum':
      return Math.max(...values);
    case 'Minimum':
      return Math.min(...values);
    case 'Sum':
      return total;
    case 'Average':
      return total / values.length;
    case 'SampleCount':
      return values.length;
  }
}
