/** The settings of the sink. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { GoogleAuth } from '../../http/auth/google/settings.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { BaseUrl, TlsSettings } from '../../http/settings.ts';

/** Cloud Resource Manager: 6 to 30 characters, such as `my-project`, with a domain before it in old ones. */
const projectPattern = /^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** Cloud Monitoring, metric types: letters, digits, underscores and slashes behind the domain; a dash is refused. */
const prefixPattern = /^(custom|external)\.googleapis\.com(\/[A-Za-z][A-Za-z0-9_]*)+$/;

export const GoogleCloudMonitoringConfig = z
  .strictObject({
    kind: z.literal('google-cloud-monitoring'),
    name: OperatorName.default('google-cloud-monitoring').meta({ description: 'Value of the `sink` label.' }),
    project: z
      .string()
      .regex(projectPattern, { error: 'must be the ID of a project, such as my-project' })
      .meta({ description: 'ID of the project that the metrics are written to.' }),
    auth: GoogleAuth,
    typePrefix: z
      .string()
      .regex(prefixPattern, {
        error: 'must be custom.googleapis.com/ and letters, digits, underscores or slashes, without a dash',
      })
      .default('custom.googleapis.com/ci')
      .meta({ description: 'What stands before the name of a metric to make its type.' }),
    location: z
      .string()
      .regex(/^[a-z0-9:-]{1,64}$/, { error: 'must be a region such as europe-west1, or global' })
      .default('global')
      .meta({ description: 'Label `location` of the monitored resource.' }),
    compat: z.boolean().default(false).meta({
      description: 'Whether figures of Buildkite have the names that its own tool gives them in Cloud Monitoring.',
    }),
    labels: z
      .record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,99}$/, {
          error: 'must begin with a letter and have letters, digits and underscores only, at most 100',
        }),
        z.string().min(1).max(1024),
      )
      .default({})
      .meta({ description: 'Labels added to every series that has none of that name.' }),
    metrics: Selection.optional().meta({
      description: 'Which metrics to publish, by the name in the metric catalogue.',
    }),
    parallelRequests: z.int().min(1).max(16).default(4).meta({ description: 'Requests side by side.' }),
    url: BaseUrl.default('https://monitoring.googleapis.com').meta({
      description: 'Base URL of the API, for a private endpoint.',
    }),
    plaintext: Plaintext,
    tls: TlsSettings.optional(),
  })
  .refine(isTlsOrAllowed, plaintextError)
  .meta({
    id: 'GoogleCloudMonitoringSink',
    description: 'Google Cloud Monitoring by its API: running totals, levels and distributions as custom metrics.',
  });

export type GoogleCloudMonitoringConfig = z.infer<typeof GoogleCloudMonitoringConfig>;
