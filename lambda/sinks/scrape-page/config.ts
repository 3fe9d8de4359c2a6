/** The settings of a page that waits to be scraped. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';
import { parseAddress, isLoopback } from './address.ts';

/** Where OpenTelemetry's Prometheus exporters listen, so that many scrape configurations know it. */
const defaultListen = '127.0.0.1:9464';

/** Paths of the sink's own, beside the metrics. */
export const healthyPath = '/-/healthy';
export const readyPath = '/-/ready';
/** Where the page for people gets its events. */
export const eventsPath = '/-/events';
/** The page for people; metrics that have this path take its place. */
export const livePath = '/';

const ownPaths: readonly string[] = [healthyPath, readyPath, eventsPath];

const Choice = z.enum(['refuse', 'allow']).default('refuse');

const Settings = z.strictObject({
  kind: z.literal('scrape-page'),
  name: OperatorName.default('scrape-page').meta({ description: 'Value of the `sink` label.' }),
  listen: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, {
      error: 'must be ADDRESS:PORT such as 127.0.0.1:9464 or [::1]:9464; port 0 means any',
    })
    .default(defaultListen)
    .meta({
      description: 'Where the page is served, as ADDRESS:PORT; `collect --listen` puts another one in its place.',
    }),
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]*$/, { error: 'must be a path such as /metrics' })
    .refine((path) => !ownPaths.includes(path), {
      error: `${healthyPath}, ${readyPath} and ${eventsPath} are the sink's own; choose another path`,
    })
    .default('/metrics')
    .meta({ description: 'Path of the metrics; at `/` they take the place of the page for people.' }),
  tls: z
    .strictObject({
      cert: SecretRef.meta({ description: 'Certificate chain of the server in PEM.' }),
      key: SecretRef.meta({ description: 'Its private key in PEM.' }),
    })
    .optional()
    .meta({ description: 'Serves the page by HTTPS. A renewed certificate is taken up by the next run.' }),
  auth: z
    .strictObject({
      basic: z.strictObject({
        username: z.string().min(1).meta({ description: 'User name that a reader gives.' }),
        password: SecretRef,
      }),
    })
    .optional()
    .meta({ description: 'Who may read the page.' }),
  plaintext: Choice.meta({ description: '`allow` permits an address beyond this machine without `tls`.' }),
  anonymous: Choice.meta({ description: '`allow` permits an address beyond this machine without `auth`.' }),
  startTimes: z.boolean().default(true).meta({
    description: 'Whether OpenMetrics tells when each total began, as `_created` lines.',
  }),
  metrics: Selection.optional().meta({
    description: 'Which metrics to show, by Prometheus name; the page for people goes by it, too.',
  }),
});

type Reachable = Pick<z.infer<typeof Settings>, 'listen' | 'plaintext' | 'anonymous'>;

function isReachedFromOutside({ listen }: Pick<Reachable, 'listen'>): boolean {
  const address = parseAddress(listen);
  return address !== undefined && !isLoopback(address);
}

export const ScrapePageConfig = Settings.refine(
  (settings) => settings.tls !== undefined || settings.plaintext === 'allow' || !isReachedFromOutside(settings),
  {
    error: 'an address beyond this machine sends everything readable; set tls, or plaintext: allow',
    path: ['listen'],
  },
)
  .refine(
    (settings) => settings.auth !== undefined || settings.anonymous === 'allow' || !isReachedFromOutside(settings),
    {
      error: 'an address beyond this machine shows the page to everybody who reaches it; set auth, or anonymous: allow',
      path: ['listen'],
    },
  )
  .meta({ id: 'ScrapePageSink', description: 'A page that Prometheus scrapes; for `collect --every`.' });

export type ScrapePageConfig = z.infer<typeof ScrapePageConfig>;
