/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';

export const FileConfig = z
  .strictObject({
    kind: z.literal('file'),
    name: OperatorName.default('file').meta({ description: 'Value of the `sink` label.' }),
    path: z
      .string()
      .min(1)
      .meta({ description: 'The file; its folder must exist. In AWS Lambda only /tmp is writable.' }),
    format: z.enum(['prometheus', 'json']).default('prometheus').meta({
      description:
        '`prometheus`: text exposition, replaced as a whole each run, fit for the textfile collector; `json`: one line a sample, appended.',
    }),
    metrics: Selection.optional().meta({ description: 'Which metrics to write, by Prometheus name.' }),
  })
  .meta({ id: 'FileSink', description: 'A file, for a textfile collector and for debugging.' });

export type FileConfig = z.infer<typeof FileConfig>;
