/** Picks what a backend that adds up is sent of a family: levels, and what this run added. */
import type { Labels, MetricFamily } from '../model/metric.ts';

export interface Figure {
  readonly labels: Labels;
  /** A level or an increase is one value; of a distribution they are its observations. */
  readonly values: readonly number[];
}

/** A backend that adds up takes a missing increase for 0, so counters that did not change are not sent. */
export function* extractFigures(family: MetricFamily): Generator<Figure> {
  switch (family.type) {
    case 'gauge':
      for (const { labels, value } of family.samples) yield { labels, values: [value] };
      return;
    case 'counter':
      for (const { labels, increase } of family.samples) if (increase !== 0) yield { labels, values: [increase] };
      return;
    case 'distribution':
      for (const { labels, observations } of family.samples)
        if (observations.length > 0) yield { labels, values: observations };
  }
}
