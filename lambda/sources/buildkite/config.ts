import * as z from 'zod';
import { Glob, Selection } from '../../config/glob.ts';
import { OperatorName } from '../../config/names.ts';
import { isTlsOrAllowed } from '../../http/plaintext.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { describeSecretRef, SecretRef } from '../../secrets/secret-ref.ts';

export const BuildkiteConfig = z
  .strictObject({
    kind: z.literal('buildkite'),
    name: OperatorName.default('buildkite').meta({ description: 'Value of the `source` label.' }),
    endpoint: HttpUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
      error: 'must be an https:// URL, or the agent token travels readable',
    })
      .default('https://agent.buildkite.com/v3')
      .meta({ description: 'Base URL of the agent API.' }),
    agentTokens: z
      .array(SecretRef)
      .min(1)
      .refine((refs) => new Set(refs.map(describeSecretRef)).size === refs.length, {
        error: 'names the same secret twice',
      })
      .meta({ description: 'One agent token a cluster; a token that fails costs only its own cluster.' }),
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
  .meta({ id: 'BuildkiteSource', description: 'Queues and agents from the Buildkite agent API.' });

export type BuildkiteConfig = z.infer<typeof BuildkiteConfig>;

/** As in buildkite-agent-metrics, a list of queues means that nobody asked for the totals over all queues. */
export function hasTotals({ queues }: Pick<BuildkiteConfig, 'queues'>): boolean {
  return queues === undefined;
}
