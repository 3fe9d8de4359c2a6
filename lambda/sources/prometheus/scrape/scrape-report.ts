/** Builds the series about the reading of a target, such as `up`, as a Prometheus server writes them. */
import type { Labels } from '../../../model/metric.ts';
import type { RelayedFamily } from '../../../model/relayed.ts';

export interface ScrapeOutcome {
  readonly up: 0 | 1;
  readonly seconds: number;
  /** Sample lines on the page. */
  readonly scraped: number;
  /** Series after selection and relabelling. */
  readonly kept: number;
}

/** The series that a Prometheus server itself writes for each target, under the same names. */
export function buildReport(target: ReadonlyMap<string, string>, outcome: ScrapeOutcome): readonly RelayedFamily[] {
  const labels = Object.fromEntries([...target].sort(([a], [b]) => (a < b ? -1 : 1)));
  const { up, seconds, scraped, kept } = outcome;
  return [
    buildFamily('up', 'Whether the target answered with a page that could be read.', labels, up),
    buildFamily('scrape_duration_seconds', 'Time that reading the target took.', labels, seconds),
    buildFamily('scrape_samples_scraped', 'Samples on the page of the target.', labels, scraped),
    buildFamily(
      'scrape_samples_post_metric_relabeling',
      'Samples that were left after selection and relabelling.',
      labels,
      kept,
    ),
  ];
}

function buildFamily(name: string, help: string, labels: Labels, value: number): RelayedFamily {
  return { name, type: 'gauge', help, about: 'scrape', samples: [{ name, labels, value }] };
}
