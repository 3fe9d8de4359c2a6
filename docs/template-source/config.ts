/** The settings of this source; each description becomes a line of docs/configuration.md. */
import * as z from 'zod';
import { OperatorName } from '../../lambda/settings/operator-name.ts';
import { isTlsOrAllowed } from '../../lambda/http/plaintext.ts';
import { HttpAuth, HttpUrl, TlsSettings } from '../../lambda/http/settings.ts';

/** Strict, so that a misspelt setting is an error. */
export const ExampleConfig = z
  .strictObject({
    kind: z.literal('example'),
    name: OperatorName.default('example').meta({ description: 'Value of the `source` label.' }),
    endpoint: HttpUrl.refine((url) => isTlsOrAllowed({ url, plaintext: 'refuse' }), {
      error: 'must be an https:// URL, or the token travels readable',
    }).meta({ description: 'Base URL of the API.' }),
    auth: HttpAuth.meta({ description: 'Token of the API; it needs the right to read queues and nothing else.' }),
    tls: TlsSettings.optional(),
  })
  .meta({ id: 'ExampleSource', description: 'Queues from the API of an example.' });

export type ExampleConfig = z.infer<typeof ExampleConfig>;
