/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { BaseUrl, HttpAuth, TlsSettings } from '../../http/settings.ts';

export const PushgatewayConfig = z
  .strictObject({
    kind: z.literal('pushgateway'),
    name: OperatorName.default('pushgateway').meta({ description: 'Value of the `sink` label.' }),
    url: BaseUrl.meta({ description: 'Base URL of the Pushgateway, a path prefix included.' }),
    plaintext: Plaintext,
    job: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Value of the `job` label; default: the name of the collector.' }),
    grouping: z
      .record(
        z.string().regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'must be a Prometheus label name' }),
        z.string(),
      )
      .refine((grouping) => !Object.keys(grouping).some((name) => name === 'job' || name === 'source'), {
        error: 'must not have job or source: the sink sets them (see the setting `job`, and the name of the source)',
      })
      .default({})
      .meta({ description: 'Further grouping labels; they overwrite labels of the same name.' }),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
    auth: HttpAuth.optional(),
    tls: TlsSettings.optional(),
  })
  .refine(isTlsOrAllowed, plaintextError)
  .meta({ id: 'PushgatewaySink', description: 'Prometheus Pushgateway.' });

export type PushgatewayConfig = z.infer<typeof PushgatewayConfig>;
