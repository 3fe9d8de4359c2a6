/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { createHeaderSettings } from '../../http/auth/custom-headers.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { HttpUrl, SignableAuth, TlsSettings } from '../../http/settings.ts';
import { mostSeriesPerRequest, usualSeriesPerRequest } from './limits.ts';

/** Headers that the protocol or the signature owns (remote-write 1.0, section "Protocol"). */
const ownHeader =
  /^(content-type|content-encoding|content-length|user-agent|x-prometheus-remote-write-version|x-scope-orgid|retry-attempt|host|authorization|x-amz-.*)$/i;

export const RemoteWriteConfig = z
  .strictObject({
    kind: z.literal('remote-write'),
    name: OperatorName.default('remote-write').meta({ description: 'Value of the `sink` label.' }),
    url: HttpUrl.meta({ description: 'The write endpoint, for example `https://host/api/v1/write`.' }),
    plaintext: Plaintext,
    version: z.enum(['auto', '1.0', '2.0']).default('auto').meta({
      description:
        'Protocol version; `auto` begins with 2.0 and goes on with 1.0 where the receiver does not speak it. Amazon Managed Service for Prometheus is always sent 1.0 by it.',
    }),
    labels: z
      .record(
        z
          .string()
          .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'must be a Prometheus label name' })
          .refine((name) => name !== 'collector', { error: 'is the name of the deployment; change `collector` there' })
          .refine((name) => name !== 'le' && name !== 'quantile', { error: 'belongs to histograms and summaries' }),
        z.string().min(1),
      )
      .default({})
      .meta({ description: 'Labels added to every series; `collector` is always added.' }),
    tenant: z.string().min(1).optional().meta({ description: 'Value of the X-Scope-OrgID header (Mimir, Cortex).' }),
    headers: createHeaderSettings(ownHeader, 'use auth for Authorization, tenant for X-Scope-OrgID'),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
    exemplars: z.enum(['send', 'omit']).default('send').meta({
      description:
        'Whether histograms carry the address and the commit of one run a bucket; receivers without a store for them ignore it.',
    }),
    seriesPerRequest: z.int().min(1).max(mostSeriesPerRequest).default(usualSeriesPerRequest).meta({
      description: 'Series in one request.',
    }),
    markDatedSeries: z.boolean().default(false).meta({
      description:
        'Whether a series whose samples carry times of their own gets a stale marker when it is gone, as `track_timestamps_staleness` of Prometheus.',
    }),
    auth: SignableAuth.optional(),
    tls: TlsSettings.optional(),
  })
  .refine(isTlsOrAllowed, plaintextError)
  .meta({
    id: 'RemoteWriteSink',
    description: 'Prometheus remote write: Prometheus, Mimir, VictoriaMetrics, Amazon Managed Prometheus.',
  });

export type RemoteWriteConfig = z.infer<typeof RemoteWriteConfig>;
