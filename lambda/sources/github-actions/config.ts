/** The settings of a source of kind github-actions. */
import * as z from 'zod';
import { Glob, Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed } from '../../http/plaintext.ts';
import { BaseUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';

/**
 * The three kinds of GitHub have three shapes of address, and a mix-up answers 404 or a web page: github.com, data
 * residency (`*.ghe.com`, without a path) and Enterprise Server (`/api/v3`).
 */
const Endpoint = BaseUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
  error: 'must be an https:// URL, or the token travels readable',
}).superRefine((text, context) => {
  const message = findWrongAddress(URL.parse(text));
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

function findWrongAddress(url: URL | null): string | undefined {
  if (url === null) return undefined;
  const { hostname, pathname } = url;
  if (/^(www\.)?github\.com$/.test(hostname)) return 'is the web page; the API is at https://api.github.com';
  if (!hostname.endsWith('.ghe.com')) return undefined;
  if (!hostname.startsWith('api.')) return `is the web page; the API is at https://api.${hostname}`;
  return pathname === '/' ? undefined : 'must have no path: with data residency the API is at the host itself';
}

const App = z.strictObject({
  app: z.strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9.]+$/, {
        error: 'must be the client id (Iv23…) or the App id, as the page of the App shows it',
      })
      .meta({
        description: 'Client id of the GitHub App, or its App id (Enterprise Server up to 3.13 takes only that).',
      }),
    privateKey: SecretRef.meta({ description: 'Private key of the App in PEM, as GitHub makes it.' }),
  }),
});
const Token = z.strictObject({
  token: SecretRef.meta({ description: 'A fine-grained or classic personal access token.' }),
});

/** Who the collector is to GitHub. */
export const GithubAuth = z.union([App, Token]).meta({
  id: 'GithubAuth',
  description: 'A GitHub App, which has requests of its own, or a personal access token.',
});
export type GithubAuth = z.infer<typeof GithubAuth>;

const Events = z
  .strictObject({
    webhookSecret: SecretRef.meta({
      description:
        'Secret of the webhook, by which GitHub signs what it sends; only the function behind its URL reads it.',
    }),
  })
  .meta({
    id: 'GithubEvents',
    description: 'A webhook of the App or the organization that tells of runs and jobs at once.',
  });

const Enterprise = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})$/, {
        error: 'must be the short name of an enterprise, as in github.com/enterprises/<name>',
      })
      .meta({ description: 'The enterprise, as in `github.com/enterprises/<name>`.' }),
    token: SecretRef.optional().meta({
      description:
        'A classic token with the scope `manage_runners:enterprise`, which no App and no fine-grained token can replace; without it that of `auth`.',
    }),
  })
  .meta({
    id: 'GithubEnterprise',
    description: 'The enterprise of the organization, whose self-hosted runners are read as well.',
  });

/** An App installed on an organization of GitHub Enterprise Cloud has 15,000; on Enterprise Server its administrator decides. */
const mostRequestsPerHour = 100_000;

/** Below it not even a list of runs a minute fits besides the list of repositories. */
const leastRequestsPerHour = 60;

export const GithubActionsConfig = z
  .strictObject({
    kind: z.literal('github-actions'),
    name: OperatorName.default('github').meta({ description: 'Value of the `source` label.' }),
    endpoint: Endpoint.default('https://api.github.com').meta({
      description:
        'Base URL of the API: `https://api.github.com`, `https://api.<name>.ghe.com` or `https://<host>/api/v3`.',
    }),
    organization: z
      .string()
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})$/, {
        error: 'must be the name of an organization, as in github.com/<organization>',
      })
      .meta({ description: 'The organization, as in `github.com/<organization>`.' }),
    auth: GithubAuth,
    repositories: Selection.optional().meta({
      description: 'Which repositories to read, by their name without the organization; archived ones never.',
    }),
    branches: z.array(Glob).min(1).optional().meta({
      description:
        'Branches that get a `branch` value of their own; all others are `main` (the default branch of the repository) or `other`.',
    }),
    jobs: z.enum(['read', 'leave']).default('read').meta({
      description: '`read` asks for the jobs of open and ended runs: queues, waits and results, for one request a run.',
    }),
    ignoredLabels: z.array(Glob).min(1).optional().meta({
      description:
        'Labels of `runs-on` that are no part of a queue’s name, such as `runs-on=*` with an id in each run.',
    }),
    runners: z
      .enum(['read', 'leave'])
      .default('read')
      .meta({ description: 'Self-hosted runners of the organization, for one request a minute and 100 runners.' }),
    hostedRunners: z.enum(['read', 'leave']).default('leave').meta({
      description:
        '`read` asks how many jobs each larger runner of GitHub takes at once; not on Enterprise Server, which has none.',
    }),
    billing: z.enum(['read', 'leave']).default('leave').meta({
      description:
        '`read` asks once an hour for the time on runners of GitHub on the bill of this month; not on Enterprise Server.',
    }),
    enterprise: Enterprise.optional(),
    deployments: Selection.optional().meta({
      description: 'Repositories whose deployments are read, by their name; none without this setting.',
    }),
    events: Events.optional(),
    requestsPerHour: z.int().min(leastRequestsPerHour).max(mostRequestsPerHour).optional().meta({
      description:
        'Requests that the credential may send in an hour, for all that use it; without it what GitHub tells, or 5000.',
    }),
    stuckAfterMinutes: z
      .int()
      .min(10)
      .max(7 * 24 * 60)
      .default(120)
      .meta({
        description:
          'A run that has been open for this long, and for four times as long as most of its workflow, is stuck.',
      }),
    tls: TlsSettings.optional(),
  })
  .refine(({ auth, enterprise }) => enterprise === undefined || 'token' in auth || enterprise.token !== undefined, {
    path: ['enterprise', 'token'],
    error: 'is needed beside auth.app: GitHub shows the runners of an enterprise to classic tokens only',
  })
  .superRefine(({ endpoint, hostedRunners, billing }, context) => {
    if (!/\/api\/v3\/*$/.test(endpoint)) return;
    for (const [name, value] of Object.entries({ hostedRunners, billing }))
      if (value === 'read')
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'must be `leave` here: Enterprise Server has neither runners of GitHub nor a bill for them',
        });
  })
  .meta({ id: 'GithubActionsSource', description: 'Runs, jobs and self-hosted runners of a GitHub organization.' });

export type GithubActionsConfig = z.infer<typeof GithubActionsConfig>;

/** The secret of the credential. */
export function secretOf(auth: GithubAuth): SecretRef {
  return 'token' in auth ? auth.token : auth.app.privateKey;
}
