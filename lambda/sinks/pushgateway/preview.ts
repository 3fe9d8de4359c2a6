/** Shows what a run would push, without pushing it. */
import { selectSampleLines } from '../../exposition/write-page.ts';
import { describeOmissions } from '../../exposition/omission.ts';
import { preparePrometheusPage, writePrometheusText } from '../../exposition/write-prometheus-text.ts';
import type { Labels, MetricFamily } from '../../model/metric.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import type { Preview } from '../sink.ts';
import { encodePage } from './encode/encode-page.ts';
import type { GroupingKey } from './encode/grouping-path.ts';
import { type Group, describeConflicts } from './encode/encode-groups.ts';

/** What a run would push, each line with the labels that a scraper of the gateway sees. */
export async function previewGroups(groups: readonly Group[], where: string): Promise<Preview> {
  const previews = await Promise.all(
    groups.map(async ({ key, families, relayed }) => {
      const { chunks, samples, omissions } = preparePrometheusPage(families, relayed);
      const { body } = await encodePage(chunks());
      const shown = await writePrometheusText(
        families.map((family) => addGroupLabels(family, key)),
        relayed.map((family) => addRelayedGroupLabels(family, key)),
      );
      return {
        samples,
        bytes: body.byteLength,
        lines: selectSampleLines(shown.text),
        problems: describeOmissions(omissions, where),
      };
    }),
  );
  return {
    samples: previews.reduce((total, { samples }) => total + samples, 0),
    requests: previews.length,
    bytes: previews.reduce((total, { bytes }) => total + bytes, 0),
    lines: previews.flatMap(({ lines }) => lines),
    monthlyCost: [],
    problems: [...describeConflicts(groups, where), ...previews.flatMap(({ problems }) => problems)],
  };
}

function addRelayedGroupLabels(family: RelayedFamily, key: GroupingKey): RelayedFamily {
  return { ...family, samples: family.samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...key } })) };
}

function addGroupLabels(family: MetricFamily, key: GroupingKey): MetricFamily {
  const addLabels = <Sample extends { readonly labels: Labels }>(sample: Sample): Sample => ({
    ...sample,
    labels: { ...sample.labels, ...key },
  });
  switch (family.type) {
    case 'gauge':
      return { ...family, samples: family.samples.map(addLabels) };
    case 'counter':
      return { ...family, samples: family.samples.map(addLabels) };
    case 'distribution':
      return { ...family, samples: family.samples.map(addLabels) };
  }
}
