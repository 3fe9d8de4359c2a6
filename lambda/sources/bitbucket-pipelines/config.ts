/** The settings of a source of kind bitbucket-pipelines. */
import * as z from 'zod';
import { Glob, Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed } from '../../http/plaintext.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';

const TlsUrl = HttpUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
  error: 'must be an https:// URL, or the token travels readable',
});

const AccessToken = z.strictObject({
  accessToken: SecretRef.meta({ description: 'Access token of a repository, a project or the workspace.' }),
});
const ApiToken = z.strictObject({
  apiToken: z.strictObject({
    email: z.email().meta({ description: 'E-mail address of the Atlassian account that owns the token.' }),
    token: SecretRef.meta({ description: 'Atlassian API token with scopes.' }),
  }),
});
const OAuthConsumer = z.strictObject({
  oauth: z.strictObject({
    clientId: z.string().min(1).meta({ description: 'Key of the OAuth consumer; no secret.' }),
    clientSecret: SecretRef.meta({ description: 'Secret of the OAuth consumer.' }),
    tokenUrl: TlsUrl.default('https://bitbucket.org/site/oauth2/access_token').meta({
      description: 'Where tokens are made.',
    }),
  }),
});

/** Who the collector is to Bitbucket. App passwords do not exist any more, so there is no setting for them. */
export const BitbucketAuth = z.union([AccessToken, ApiToken, OAuthConsumer]).meta({
  id: 'BitbucketAuth',
  description: 'An access token, an Atlassian API token, or an OAuth consumer (client credentials).',
});
export type BitbucketAuth = z.infer<typeof BitbucketAuth>;

const Events = z
  .strictObject({
    webhookSecret: SecretRef.meta({
      description:
        'Secret of the webhook, by which Bitbucket signs what it sends; only the function behind its URL reads it.',
    }),
  })
  .meta({
    id: 'BitbucketEvents',
    description: 'A webhook of the workspace that tells which repositories to look at first, beside the looks in turn.',
  });

/** Bitbucket's own ceiling for scaled limits (Atlassian support, "API request limits"). */
const mostRequestsPerHour = 10_000;

/** Below it not even a run list a minute fits besides the list of repositories. */
const leastRequestsPerHour = 60;

export const BitbucketPipelinesConfig = z
  .strictObject({
    kind: z.literal('bitbucket-pipelines'),
    name: OperatorName.default('bitbucket').meta({ description: 'Value of the `source` label.' }),
    endpoint: TlsUrl.default('https://api.bitbucket.org/2.0').meta({ description: 'Base URL of the API.' }),
    workspace: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+$/, { error: 'must be the id of a workspace, as in bitbucket.org/<workspace>' })
      .meta({ description: 'The workspace, as in `bitbucket.org/<workspace>`.' }),
    auth: BitbucketAuth,
    repositories: Selection.optional().meta({ description: 'Which repositories to read, by the name in their URL.' }),
    projects: Selection.optional().meta({ description: 'Only repositories of these projects, by project key.' }),
    branches: z.array(Glob).min(1).optional().meta({
      description:
        'Branches that get a `branch` value of their own; all others are `main` (the main branch of the repository) or `other`.',
    }),
    steps: z.enum(['read', 'leave']).default('read').meta({
      description:
        '`read` asks for the steps of open and finished runs: queues, waits and job results, for one request a run.',
    }),
    runners: z
      .strictObject({
        workspace: z.enum(['read', 'leave']).default('read').meta({ description: 'Runners of the workspace.' }),
        repositories: z.array(Glob).min(1).optional().meta({
          description:
            'Repositories whose own runners are read, one request each; all lists of runners together take 7 % of the requests.',
        }),
      })
      .optional()
      .meta({ id: 'BitbucketRunners', description: 'Which self-hosted runners to read.' }),
    deployments: Selection.optional().meta({
      description: 'Repositories whose deployments are read; none without this setting.',
    }),
    events: Events.optional(),
    requestsPerHour: z.int().min(leastRequestsPerHour).max(mostRequestsPerHour).optional().meta({
      description:
        'Requests that the credential may send in an hour, for all that use it; without it what Bitbucket tells, or 1000.',
    }),
    stuckAfterMinutes: z
      .int()
      .min(10)
      .max(7 * 24 * 60)
      .default(120)
      .meta({
        description:
          'A run that has been open for this long, and for four times as long as most of its pipeline, is stuck.',
      }),
    tls: TlsSettings.optional(),
  })
  .meta({
    id: 'BitbucketPipelinesSource',
    description: 'Pipelines, steps, runners and deployments of a Bitbucket Cloud workspace.',
  });

export type BitbucketPipelinesConfig = z.infer<typeof BitbucketPipelinesConfig>;

/** All secrets that the credential consists of. */
export function collectAuthSecrets(auth: BitbucketAuth): readonly SecretRef[] {
  if ('accessToken' in auth) return [auth.accessToken];
  return 'apiToken' in auth ? [auth.apiToken.token] : [auth.oauth.clientSecret];
}
