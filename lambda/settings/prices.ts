/** Settings of what workers cost, by the names of their queues. */
import * as z from 'zod';
import { Glob } from './glob.ts';

const QueuePrice = z
  .strictObject({
    queue: Glob.meta({ description: 'Name of the queue; `*` stands for any text, `?` for one character.' }),
    scope: Glob.default('*').meta({ description: 'Cluster, namespace, organization or workspace of the queue.' }),
    source: Glob.default('*').meta({ description: 'Name of the source of the queue.' }),
    per: z.enum(['busy-hour', 'worker-hour']).meta({
      description:
        '`busy-hour`: an hour in which a job runs is paid, as with hosted workers. `worker-hour`: an hour in which a worker is there is paid, whether or not it has a job.',
    }),
    price: z.number().min(0).max(100_000).meta({
      description: 'Of one worker for such an hour, in the currency. 0 for a queue that costs nothing.',
    }),
  })
  .meta({ id: 'QueuePrice', description: 'The price of the workers of some queues.' });
export type QueuePrice = z.infer<typeof QueuePrice>;

export const Prices = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, { error: 'must be a code of ISO 4217 such as USD or EUR' })
      .meta({ description: 'What the prices are in: a code of ISO 4217 such as USD or EUR.' }),
    queues: z.array(QueuePrice).min(1).meta({
      description: 'Prices by queue. The first one that fits a queue holds for it.',
    }),
  })
  .meta({ id: 'Prices', description: 'What workers cost, for metrics of the cost of jobs and of idle workers.' });
export type Prices = z.infer<typeof Prices>;
