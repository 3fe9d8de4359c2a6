/** Makes families of what the API answers; pure, so that a test is a table. */
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { makeLabelValue } from '../../../lambda/model/text/labels.ts';
import { buildGauge, type MetricFamily } from '../../../lambda/model/metric.ts';
import { QueueRecord } from '../api/schema.ts';

export interface Mapped {
  readonly families: readonly MetricFamily[];
  /** Elements that were left out because they are not what the API documents. */
  readonly unreadable: number;
}

/** Maps the elements of all pages; one that is unreadable costs no other. */
export function mapQueues(elements: readonly unknown[], source: string): Mapped {
  const records = elements.flatMap((element) => parseQueue(element) ?? []);
  const samples = records.flatMap(({ name: queue, waiting, running }) => {
    const labels = { system: 'example', source, scope: 'all', queue };
    return [
      ...(waiting === undefined ? [] : [{ labels: { ...labels, state: 'queued' }, value: waiting }]),
      ...(running === undefined ? [] : [{ labels: { ...labels, state: 'running' }, value: running }]),
    ];
  });
  return {
    families: samples.length === 0 ? [] : [buildGauge(queueJobs, samples)],
    unreadable: elements.length - records.length,
  };
}

/** Undefined for an element that is not what the API documents, and for a name that no backend can store. */
function parseQueue(element: unknown): QueueRecord | undefined {
  const { data } = QueueRecord.safeParse(element);
  const name = data === undefined ? undefined : makeLabelValue(data.name);
  return data === undefined || name === undefined ? undefined : { ...data, name };
}
