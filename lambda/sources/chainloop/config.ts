/** Settings of the Chainloop source. */
import * as z from 'zod';
import { Selection } from '../../settings/glob.ts';
import { OperatorName } from '../../settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../http/plaintext.ts';
import { HttpUrl, TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';

export const ChainloopConfig = z
  .strictObject({
    kind: z.literal('chainloop'),
    name: OperatorName.default('chainloop').meta({ description: 'Value of the `source` label.' }),
    url: HttpUrl.meta({
      description: "Origin of the control plane's HTTP port (8000 in the cluster), such as `https://cp.example.com`.",
    }),
    plaintext: Plaintext,
    organization: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: 'must be the name of an organization, such as acme-corp' })
      .meta({ description: 'Name of the organization that the API token belongs to; value of the label `org`.' }),
    token: SecretRef.meta({ description: 'API token of the organization.' }),
    read: z.enum(['auto', 'control-plane', 'relay', 'both']).default('auto').meta({
      description:
        "`control-plane` reads the runs, `relay` passes on the server's own metrics page, `both` does both; `auto` is `control-plane`, and `relay` where the control plane cannot be called.",
    }),
    projects: Selection.optional().meta({ description: 'Which projects to publish; the relay knows no projects.' }),
    workflows: Selection.optional().meta({ description: 'Which workflows to publish.' }),
    compat: z.boolean().default(true).meta({
      description: "Also publish exactly the names of Chainloop's own metrics, from the runs.",
    }),
    tls: TlsSettings.optional(),
  })
  .refine(isTlsOrAllowed, plaintextError)
  .meta({ id: 'ChainloopSource', description: 'Attestations (workflow runs) from a Chainloop control plane.' });

export type ChainloopConfig = z.infer<typeof ChainloopConfig>;
