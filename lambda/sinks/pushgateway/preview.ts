import { sampleLines } from '../../exposition/write-page.ts';
import { problemsOfOmissions } from '../../exposition/omission.ts';
import { prometheusPage, prometheusText } from '../../exposition/write-prometheus-text.ts';
import type { Labels, MetricFamily } from '../../model/metric.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import type { Preview } from '../sink.ts';
import { encodedPage } from './send/gateway.ts';
import type { GroupingKey } from './encode/grouping-path.ts';
import { type Group, problemsOfConflicts } from './encode/encode-groups.ts';

/** What a run would push, each line with the labels that a scraper of the gateway sees. */
export async function previewOfGroups(groups: readonly Group[], where: string): Promise<Preview> {
  const previews = await Promise.all(
    groups.map(async ({ key, families, relayed }) => {
      const { parts, samples, omissions } = prometheusPage(families, relayed);
      const { body } = await encodedPage(parts());
      const shown = await prometheusText(
        families.map((family) => asShown(family, key)),
        relayed.map((family) => relayedAsShown(family, key)),
      );
      return {
        samples,
        bytes: body.byteLength,
        lines: sampleLines(shown.text),
        problems: problemsOfOmissions(omissions, where),
      };
    }),
  );
  return {
    samples: previews.reduce((total, { samples }) => total + samples, 0),
    requests: previews.length,
    bytes: previews.reduce((total, { bytes }) => total + bytes, 0),
    lines: previews.flatMap(({ lines }) => lines),
    monthlyCost: [],
    problems: [...problemsOfConflicts(groups, where), ...previews.flatMap(({ problems }) => problems)],
  };
}

function relayedAsShown(family: RelayedFamily, key: GroupingKey): RelayedFamily {
  return { ...family, samples: family.samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...key } })) };
}

function asShown(family: MetricFamily, key: GroupingKey): MetricFamily {
  const grouped = <Sample extends { readonly labels: Labels }>(sample: Sample): Sample => ({
    ...sample,
    labels: { ...sample.labels, ...key },
  });
  switch (family.type) {
    case 'gauge':
      return { ...family, samples: family.samples.map(grouped) };
    case 'counter':
      return { ...family, samples: family.samples.map(grouped) };
    case 'distribution':
      return { ...family, samples: family.samples.map(grouped) };
  }
}
