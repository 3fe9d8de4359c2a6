/** Settings of the Buildkite source. */
import * as z from 'zod';
import { Glob, Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed } from '../../http/plaintext.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { describeSecretRef, SecretRef } from '../../secrets/secret-ref.ts';
import type { EventFeed } from '../source.ts';
import { detailTypes } from './events/event-types.ts';

function createTokenUrl(token: string): typeof HttpUrl {
  return HttpUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
    error: `must be an https:// URL, or the ${token} travels readable`,
  });
}

/** What a slug may hold; it becomes a part of request paths. */
const Slug = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, {
  error: 'must be the slug that stands in the URL, such as acme in https://buildkite.com/acme',
});

/** Settings that mean nothing without the token that they are about. */
const ofApiToken = [
  'organization',
  'pipelines',
  'mainBranches',
  'namedBranches',
  'waits',
  'jobs',
  'graphqlEndpoint',
  'restEndpoint',
  'requestsPerMinute',
  'pointsPerFiveMinutes',
  'portal',
  'events',
] as const;

const Portal = z
  .strictObject({
    slug: Slug.meta({ description: 'Slug of the portal.' }),
    token: SecretRef.meta({ description: 'The portal’s token.' }),
    endpoint: createTokenUrl('portal token')
      .optional()
      .meta({ description: 'Default: `https://portal.buildkite.com`.' }),
  })
  .meta({
    id: 'BuildkitePortal',
    description: 'Stored queries instead of free ones, so that the API token needs no GraphQL access.',
  });

const Events = z
  .strictObject({
    bus: z
      .string()
      .regex(/^aws\.partner\/buildkite\.com\/[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/, {
        error: 'must be the name of a partner event bus such as aws.partner/buildkite.com/acme/1234-…',
      })
      .optional()
      .meta({
        description: 'Partner event bus of Amazon EventBridge that Buildkite writes to, in the Region of the stack.',
      }),
    webhookSecret: SecretRef.optional().meta({
      description: 'In place of `bus`: the token of a webhook of Buildkite; the stack makes the URL for it.',
    }),
    webhookProof: z.enum(['signature', 'token']).optional().meta({
      description:
        'What the webhook sends: `signature` (default), which is dated and seals the body, or the `token` as it is.',
    }),
    pollMinutes: z.int().min(1).max(60).default(5).meta({
      description:
        'How often builds are listed while events arrive: jobs are counted from events at once, builds with this delay.',
    }),
  })
  .refine(({ bus, webhookSecret }) => (bus === undefined) !== (webhookSecret === undefined), {
    error: 'names either the bus of EventBridge or the webhookSecret of a webhook',
  })
  .refine(({ webhookSecret, webhookProof }) => webhookProof === undefined || webhookSecret !== undefined, {
    path: ['webhookProof'],
    error: 'needs webhookSecret',
  })
  .meta({
    id: 'BuildkiteEvents',
    description: 'Job events by Amazon EventBridge or by a webhook, beside the polling.',
  });

export const BuildkiteConfig = z
  .strictObject({
    kind: z.literal('buildkite'),
    name: OperatorName.default('buildkite').meta({ description: 'Value of the `source` label.' }),
    endpoint: createTokenUrl('agent token')
      .default('https://agent.buildkite.com/v3')
      .meta({ description: 'Base URL of the agent API.' }),
    agentTokens: z
      .array(SecretRef)
      .min(1)
      .refine((refs) => new Set(refs.map(describeSecretRef)).size === refs.length, {
        error: 'names the same secret twice',
      })
      .optional()
      .meta({
        description:
          'One agent token a cluster; a token that fails costs only its own cluster. Needed unless `apiToken` is set.',
      }),
    apiToken: SecretRef.optional().meta({
      description:
        'A user’s API token for wait times, paused queues, builds and jobs. Scopes: `read_builds`, `read_clusters`, GraphQL, and `read_pipelines` to see that pipelines are gone.',
    }),
    organization: Slug.optional().meta({
      description: 'Slug of the organization that `apiToken` reads; by default the one of the agent tokens.',
    }),
    pipelines: Selection.optional().meta({ description: 'Slugs of the pipelines whose builds and jobs are counted.' }),
    mainBranches: z.array(Glob).min(1).optional().meta({
      description:
        'Branches with the label `branch="main"`; all others are `other`. Default: `main`, `master` and the default branch of the pipeline.',
    }),
    namedBranches: z
      .array(Glob)
      .min(1)
      .optional()
      .meta({ description: 'Branches that keep their name in the label `branch`; each adds series.' }),
    waits: z.enum(['graphql', 'rest', 'off']).optional().meta({
      description:
        'Where waiting jobs are read: `graphql` (default), `rest` for a token without GraphQL, or `off`. Needs `apiToken`.',
    }),
    jobs: z.enum(['read', 'skip']).optional().meta({
      description: 'Whether the jobs of builds are read (default) or builds only, which makes answers much smaller.',
    }),
    graphqlEndpoint: createTokenUrl('API token')
      .optional()
      .meta({ description: 'Default: `https://graphql.buildkite.com/v1`.' }),
    restEndpoint: createTokenUrl('API token')
      .optional()
      .meta({ description: 'Default: `https://api.buildkite.com/v2`.' }),
    requestsPerMinute: z.int().min(5).max(10_000).optional().meta({
      description: 'REST requests that the collector allows itself; 50 (default) is what Buildkite allows a user.',
    }),
    pointsPerFiveMinutes: z.int().min(100).max(1_000_000).optional().meta({
      description: 'GraphQL points that the collector allows itself; 5000 (default) is what Buildkite allows a user.',
    }),
    portal: Portal.optional(),
    events: Events.optional(),
    queues: Selection.optional().meta({
      description:
        'Which queues to publish. Names without a wildcard are published as 0 while Buildkite leaves them out.',
    }),
    hostedQueues: z
      .array(Glob)
      .min(1)
      .optional()
      .meta({ description: 'Queues on Buildkite hosted agents: they have no agent figures and are never starved.' }),
    compat: z
      .boolean()
      .default(true)
      .meta({ description: 'Also publish exactly the names of buildkite-agent-metrics.' }),
    tls: TlsSettings.optional(),
  })
  .refine(({ portal, waits = 'graphql' }) => portal === undefined || waits === 'graphql', {
    path: ['portal'],
    error: 'asks GraphQL, which waits forbids',
  })
  .superRefine((config, context) => {
    const { agentTokens, apiToken, organization, waits, jobs, events } = config;
    if (apiToken === undefined) {
      if (agentTokens === undefined) {
        context.addIssue({ code: 'custom', path: ['agentTokens'], message: 'give agentTokens, apiToken or both' });
      }
      for (const setting of ofApiToken.filter((name) => config[name] !== undefined)) {
        context.addIssue({ code: 'custom', path: [setting], message: 'needs apiToken' });
      }
      return;
    }
    if (agentTokens === undefined && organization === undefined) {
      const message = 'must name the organization: without agentTokens nothing else tells it';
      context.addIssue({ code: 'custom', path: ['organization'], message });
    }
    if (jobs !== 'skip') return;
    if (waits === 'rest') {
      context.addIssue({ code: 'custom', path: ['waits'], message: 'rest reads jobs, which jobs: skip forbids' });
    }
    if (events !== undefined) {
      context.addIssue({ code: 'custom', path: ['events'], message: 'tell of jobs, which jobs: skip forbids' });
    }
  })
  .meta({ id: 'BuildkiteSource', description: 'Queues, agents, wait times, builds and jobs from Buildkite.' });

export type BuildkiteConfig = z.infer<typeof BuildkiteConfig>;

/** As in buildkite-agent-metrics, there are no totals over all queues where the configuration lists queues. */
export function hasTotals({ queues }: Pick<BuildkiteConfig, 'queues'>): boolean {
  return queues === undefined;
}

/** The part of the configuration that is about the user's API token, with its defaults. */
export interface ApiSettings {
  readonly apiToken: SecretRef;
  readonly graphqlEndpoint: string;
  /** Where stored queries are asked instead of free ones. */
  readonly portal: Portal | undefined;
  readonly restEndpoint: string;
  readonly waits: 'graphql' | 'rest' | 'off';
  readonly jobs: 'read' | 'skip';
  readonly requestsPerMinute: number;
  readonly pointsPerFiveMinutes: number;
  /** How often builds are listed while events arrive; undefined without events. */
  readonly pollMinutes: number | undefined;
}

/** Buildkite docs, REST API limits: 50 requests a minute for a user, below the 200 of an organization. */
const defaultRequestsPerMinute = 50;

/** Buildkite docs, GraphQL limits: 5,000 points in five minutes for a user, below the 20,000 of an organization. */
const defaultPoints = 5_000;

export interface Portal {
  readonly slug: string;
  readonly token: SecretRef;
  readonly endpoint: string;
}

/** Undefined without an API token. */
export function resolveApiSettings(config: BuildkiteConfig): ApiSettings | undefined {
  const { apiToken } = config;
  if (apiToken === undefined) return undefined;
  return {
    apiToken,
    graphqlEndpoint: config.graphqlEndpoint ?? 'https://graphql.buildkite.com/v1',
    restEndpoint: config.restEndpoint ?? 'https://api.buildkite.com/v2',
    waits: config.waits ?? 'graphql',
    jobs: config.jobs ?? 'read',
    requestsPerMinute: config.requestsPerMinute ?? defaultRequestsPerMinute,
    pointsPerFiveMinutes: config.pointsPerFiveMinutes ?? defaultPoints,
    portal: resolvePortal(config),
    pollMinutes: config.events?.pollMinutes,
  };
}

function resolvePortal({ portal }: BuildkiteConfig): Portal | undefined {
  return portal && { ...portal, endpoint: portal.endpoint ?? 'https://portal.buildkite.com' };
}

/** Where events come from; undefined without them. */
export function resolveEventFeed({ events }: Pick<BuildkiteConfig, 'events'>): EventFeed | undefined {
  if (events?.bus !== undefined) return { kind: 'partner-bus', bus: events.bus, detailTypes };
  if (events?.webhookSecret === undefined) return undefined;
  const scheme = events.webhookProof === 'token' ? 'buildkite-token' : 'buildkite-signature';
  return { kind: 'webhook', secret: events.webhookSecret, scheme };
}
