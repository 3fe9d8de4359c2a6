/** The format of the state and outbox documents, as far as the checks of the simulator read them. */
import * as z from 'zod';

/** What the checks read in a stored state; the format is the collector's own. */
const StateDocument = z.looseObject({
  tick: z.number(),
  epoch: z.number(),
  proven: z.number().optional(),
  vendor: z.number().optional(),
  delivery: z.number().optional(),
  streams: z.record(
    z.string(),
    z.looseObject({
      epoch: z.number(),
      mark: z.number(),
      open: z.array(z.unknown()),
      lost: z.record(z.string(), z.number()).default({}),
      seen: z.record(z.string(), z.number()),
    }),
  ),
  metrics: z.record(
    z.string(),
    z.looseObject({
      labels: z.array(z.string()),
      series: z.array(z.tuple([z.array(z.string()), z.number(), z.number(), z.array(z.number())])),
    }),
  ),
  quotas: z.record(z.string(), z.array(z.number())),
  inFlight: z.array(
    z.object({ tick: z.number(), id: z.number().optional(), sinks: z.array(z.string()), samples: z.number() }),
  ),
});
export type StateDocument = z.infer<typeof StateDocument>;

const OutboxDocument = z.looseObject({
  parcels: z.array(z.looseObject({ tick: z.number(), samples: z.number() })),
  settled: z.record(z.string(), z.array(z.number())),
});
export type OutboxDocument = z.infer<typeof OutboxDocument>;

type Delivery = StateDocument['inFlight'][number];

/** What outboxes know a delivery by. */
export function deliveryIdOf({ id, tick }: Delivery): number {
  return id ?? tick;
}

/** The increases that a commit has handed over itself. */
export function ownDelivery({ inFlight, delivery, tick }: StateDocument): Delivery | undefined {
  return inFlight.find((entry) => deliveryIdOf(entry) === (delivery ?? tick));
}

export function stateIn(body: string): StateDocument {
  return StateDocument.parse(JSON.parse(body));
}

export function outboxIn(body: string | undefined): OutboxDocument {
  return body === undefined ? { parcels: [], settled: {} } : OutboxDocument.parse(JSON.parse(body));
}

/** Sum of a counter over the series that have a label value; 0 without any. */
export function totalOf(state: StateDocument, metric: string, label: string, value: string): number {
  return totalWith(state, metric, { [label]: value });
}

/** Of the series that have all of these labels. */
export function totalWith(
  { metrics }: StateDocument,
  metric: string,
  wanted: Readonly<Record<string, string>>,
): number {
  const { labels = [], series = [] } = metrics[metric] ?? {};
  const has = (values: readonly string[]): boolean =>
    Object.entries(wanted).every(([label, value]) => values[labels.indexOf(label)] === value);
  return series.reduce((sum, [values, , , numbers]) => (has(values) ? sum + (numbers[0] ?? 0) : sum), 0);
}
