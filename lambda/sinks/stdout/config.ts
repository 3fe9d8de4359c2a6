/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';

export const StdoutConfig = z
  .strictObject({
    kind: z.literal('stdout'),
    name: OperatorName.default('stdout').meta({ description: 'Value of the `sink` label.' }),
    format: z
      .enum(['prometheus', 'json'])
      .default('prometheus')
      .meta({ description: '`prometheus`: text exposition; `json`: one line a sample.' }),
    metrics: Selection.optional().meta({ description: 'Which metrics to print, by Prometheus name.' }),
  })
  .meta({ id: 'StdoutSink', description: 'Standard output, for the terminal and for debugging.' });

export type StdoutConfig = z.infer<typeof StdoutConfig>;
