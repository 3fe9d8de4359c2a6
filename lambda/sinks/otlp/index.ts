/** The registry entry: what a configuration needs, and where its code is. */
import { collectHeaderSecrets } from '../../http/auth/custom-headers.ts';
import { collectHttpRoles } from '../../http/settings.ts';
import { type AwsGrant, defineSink } from '../sink.ts';
import { pickHttpSettings, collectAuthSecrets } from './receiver/auth.ts';
import { OtlpConfig } from './config.ts';
import { presets } from './receiver/presets.ts';
import { isOwnCloudWatch } from './receiver/target.ts';

function collectGrants(config: OtlpConfig): readonly AwsGrant[] {
  if (isOwnCloudWatch(config)) return [{ kind: 'put-otlp-metrics' }];
  // STS answers GetCallerIdentity to everybody, so that federation with Google Cloud needs no right in AWS.
  return collectHttpRoles(pickHttpSettings(config)).map((roleArn) => ({ kind: 'assume-role', roleArn }));
}

export const otlp = defineSink({
  kind: 'otlp',
  title: 'OTLP over HTTP',
  config: OtlpConfig,
  impliedUrlOf: ({ preset, url }) => {
    const known = preset === undefined || url !== undefined ? undefined : presets[preset].url;
    return known === undefined ? undefined : { setting: 'preset', url: known };
  },
  secretsOf: (config) => [
    ...collectAuthSecrets(config),
    ...collectHeaderSecrets(config.headers),
    ...(config.apiKey === undefined ? [] : [config.apiKey]),
  ],
  grantsOf: collectGrants,
  load: async () => (await import('./create.ts')).createOtlp,
});
