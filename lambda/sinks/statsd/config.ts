/** The settings of the sink. */
import { isIPv6 } from 'node:net';
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { describeForbiddenHost } from '../../http/settings.ts';
import { findHostRefusal } from '../../http/transport/address.ts';
import { fewestDatagramBytes, mostDatagramBytes, usualDatagramBytes } from './limits.ts';

const hostError = { error: 'must be a host name or an IP address, without a port' };

export const StatsdConfig = z
  .strictObject({
    kind: z.literal('statsd'),
    name: OperatorName.default('statsd').meta({ description: 'Value of the `sink` label.' }),
    host: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,253}$/, { ...hostError, abort: true })
      // Colons stand in an IPv6 address, and otherwise before a port.
      .refine((host) => !host.includes(':') || isIPv6(host), { ...hostError, abort: true })
      .superRefine((host, context) => {
        const refusal = findHostRefusal(host);
        if (refusal !== undefined) context.addIssue({ code: 'custom', message: describeForbiddenHost(refusal) });
      })
      .default('127.0.0.1')
      .meta({ description: 'Where StatsD listens.' }),
    port: z.int().min(1).max(65_535).default(8125).meta({ description: 'UDP port.' }),
    tags: z.enum(['none', 'dogstatsd']).default('none').meta({
      description:
        '`none`: labels become parts of the name, as every StatsD takes them; `dogstatsd`: labels become tags (Datadog Agent, statsd_exporter, Telegraf, Vector).',
    }),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{0,100}$/, { error: 'must be letters, digits, dots, dashes and underscores' })
      .default('')
      .meta({ description: 'Stands before every name but those of `compat`, for example `ci.`.' }),
    constantTags: z
      .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, { error: 'must be the key of a tag' }), z.string().min(1))
      .default({})
      .meta({ description: 'Tags on every metric that has none of that key; `collector` is always added.' }),
    observations: z.enum(['ms', 'h', 'd']).default('ms').meta({
      description:
        'What waits and durations are sent as: `ms` timers in milliseconds, `h` histograms or `d` distributions in seconds.',
    }),
    timestamps: z.enum(['omit', 'send']).default('omit').meta({
      description:
        '`send`: levels and increases carry the time of the run (DogStatsD 1.3, Datadog Agent 7.40 and later), so that what is late counts in its own minute.',
    }),
    datagramBytes: z.int().min(fewestDatagramBytes).max(mostDatagramBytes).default(usualDatagramBytes).meta({
      description: 'Bytes of one datagram; more only where the whole way takes it, as on one machine.',
    }),
    compat: z.boolean().default(false).meta({
      description: 'Whether figures of Buildkite have exactly the names of its own tool, under `buildkite.`.',
    }),
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
  })
  .superRefine(({ tags, observations, timestamps, constantTags }, context) => {
    if (tags === 'dogstatsd') return;
    const needs = 'needs tags: dogstatsd, for the original StatsD';
    const findings = [
      [observations !== 'ms', 'observations', `${needs} takes other types than ms for counters`],
      [timestamps === 'send', 'timestamps', `${needs} refuses lines with a time`],
      [Object.keys(constantTags).length > 0, 'constantTags', `${needs} has no tags; set prefix`],
    ] as const;
    for (const [isWrong, setting, message] of findings)
      if (isWrong) context.addIssue({ code: 'custom', path: [setting], message });
  })
  .meta({ id: 'StatsdSink', description: 'StatsD and DogStatsD by UDP, which answers nothing.' });

export type StatsdConfig = z.infer<typeof StatsdConfig>;
