/** The settings of the sink. Strict, so that a misspelt one is an error; descriptions become docs/configuration.md. */
import * as z from 'zod';
import { Selection } from '../../lambda/settings/glob.ts';
import { OperatorName } from '../../lambda/settings/operator-name.ts';
import { isTlsOrAllowed, Plaintext, plaintextError } from '../../lambda/http/plaintext.ts';
import { HttpAuth, HttpUrl, TlsSettings } from '../../lambda/http/settings.ts';

export const ExampleConfig = z
  .strictObject({
    kind: z.literal('example'),
    name: OperatorName.default('example').meta({ description: 'Value of the `sink` label.' }),
    url: HttpUrl.meta({ description: 'Where points are sent to, for example `https://metrics.example.com/points`.' }),
    plaintext: Plaintext,
    metrics: Selection.optional().meta({ description: 'Which metrics to publish, by Prometheus name.' }),
    auth: HttpAuth.optional(),
    tls: TlsSettings.optional(),
  })
  .refine(isTlsOrAllowed, plaintextError)
  .meta({ id: 'ExampleSink', description: 'The HTTP API of an example that adds up what it is sent.' });

export type ExampleConfig = z.infer<typeof ExampleConfig>;
