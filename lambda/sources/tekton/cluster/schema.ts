/** What is read of the answers of the Kubernetes API; everything but the identity of a run may be missing. */
import * as z from 'zod';

/** RFC 3339 in, epoch milliseconds out. */
const Time = z
  .string()
  .transform((text) => Date.parse(text))
  .refine(Number.isFinite, { error: 'must be a time' });

/** Null and unreadable values are nothing known. */
const OptionalTime = Time.optional().catch(undefined);
const OptionalText = z.string().optional().catch(undefined);
const Texts = z.record(z.string(), z.string()).nullish().catch(undefined);

const Metadata = z.object({
  name: z.string().min(1),
  namespace: z.string().min(1),
  uid: z.string().min(1),
  creationTimestamp: Time,
  labels: Texts,
  annotations: Texts,
});
export type Metadata = z.infer<typeof Metadata>;

const ListMetadata = z.object({
  continue: OptionalText,
  resourceVersion: OptionalText,
  remainingItemCount: z.number().optional().catch(undefined),
});

/** `meta.k8s.io/v1` Table; rows are read one by one, so that an unreadable one costs only itself. */
export const Table = z.object({
  kind: z.literal('Table', { error: 'must be Table: the server does not answer in the format that was asked for' }),
  metadata: ListMetadata,
  columnDefinitions: z.array(z.object({ name: z.string() })),
  rows: z.array(z.unknown()).nullish(),
});

export const Row = z.object({ cells: z.array(z.unknown()), object: z.object({ metadata: Metadata }) });

const ConditionItem = z.object({
  type: z.string(),
  status: OptionalText,
  reason: OptionalText,
  lastTransitionTime: OptionalTime,
});

const Terminated = z.object({
  startedAt: OptionalTime,
  exitCode: z.number().optional().catch(undefined),
});

const Step = z.object({
  name: z.string().min(1).optional().catch(undefined),
  terminationReason: OptionalText,
  running: z.object({ startedAt: OptionalTime }).optional().catch(undefined),
  terminated: Terminated.optional().catch(undefined),
});
export type Step = z.infer<typeof Step>;

/** Elements that fit; an unreadable one is nothing that could be counted. */
function makeLenientList<Item extends z.ZodType>(item: Item) {
  return z
    .array(z.unknown())
    .nullish()
    .catch(undefined)
    .transform((items) =>
      (items ?? []).flatMap((raw) => {
        const parsed = item.safeParse(raw);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

/** What is needed of a whole PipelineRun or TaskRun; everything but its metadata may be missing. */
export const RunObject = z.object({
  metadata: Metadata,
  spec: z.object({ statusMessage: OptionalText }).optional().catch(undefined),
  status: z
    .object({
      conditions: makeLenientList(ConditionItem),
      startTime: OptionalTime,
      completionTime: OptionalTime,
      steps: makeLenientList(Step),
      retriesStatus: makeLenientList(z.object({ startTime: OptionalTime, steps: makeLenientList(Step) })),
    })
    .optional()
    .catch(undefined),
});
export type RunObject = z.infer<typeof RunObject>;
