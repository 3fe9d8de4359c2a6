/** What is read of the answers, leniently: what is not used is not looked at, and what is bad costs only itself. */
import * as z from 'zod';

/** Any finite number that is not negative. */
const Count = z.number().nonnegative();

/** A figure that is absent is not known; nobody makes a zero of it. */
export const QueueRecord = z.object({ name: z.string(), waiting: Count.optional(), running: Count.optional() });
export type QueueRecord = z.infer<typeof QueueRecord>;

/** Only the frame is required; elements are read one by one. */
export const QueuesPage = z.object({
  queues: z.array(z.unknown()),
  /** Where the next page is; absent on the last one. */
  next: z.string().optional(),
});
