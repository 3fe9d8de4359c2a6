import { queueJobs } from '../../../lambda/model/catalogue.ts';
import { labelValue } from '../../../lambda/model/labels.ts';
import { gauge, type MetricFamily } from '../../../lambda/model/metric.ts';
import { Queue } from '../api/schema.ts';

export interface Mapped {
  readonly families: readonly MetricFamily[];
  /** Elements that could not be read; the others are kept. */
  readonly unreadable: number;
}

/** Answers to families; pure, so that a test is a table. */
export function familiesOf(elements: readonly unknown[], source: string): Mapped {
  const queues = elements.flatMap((element) => queueOf(element) ?? []);
  const samples = queues.flatMap(({ name: queue, waiting, running }) => {
    const labels = { system: 'example', source, scope: 'all', queue };
    return [
      { labels: { ...labels, state: 'queued' }, value: waiting },
      { labels: { ...labels, state: 'running' }, value: running },
    ];
  });
  return {
    families: samples.length === 0 ? [] : [gauge(queueJobs, samples)],
    unreadable: elements.length - queues.length,
  };
}

/** Undefined for an element that is not what the API documents, and for a name that no backend can store. */
function queueOf(element: unknown): Queue | undefined {
  const { data } = Queue.safeParse(element);
  const name = data === undefined ? undefined : labelValue(data.name);
  return data === undefined || name === undefined ? undefined : { ...data, name };
}
