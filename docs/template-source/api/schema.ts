import * as z from 'zod';

/** Any finite number that is not negative. */
const Count = z.number().nonnegative();

/** Only what is used; unknown members are ignored, because APIs grow. */
export const Queue = z.object({ name: z.string(), waiting: Count, running: Count });
export type Queue = z.infer<typeof Queue>;

/** Only the frame is required; elements are read one by one, so that a bad one costs only itself. */
export const QueuesPage = z.object({
  queues: z.array(z.unknown()),
  /** Where the next page is; absent on the last one. */
  next: z.string().optional(),
});
export type QueuesPage = z.infer<typeof QueuesPage>;
