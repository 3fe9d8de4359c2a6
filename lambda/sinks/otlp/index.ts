/** The registry entry: what a configuration needs, and where its code is. */
import { secretsOfHeaders } from '../../http/custom-headers.ts';
import { rolesOfHttp, secretsOfHttp } from '../../http/settings.ts';
import { type AwsGrant, defineSink } from '../sink.ts';
import { OtlpConfig } from './config.ts';
import { isOwnCloudWatch } from './target.ts';

function grantsOf(config: OtlpConfig): readonly AwsGrant[] {
  if (isOwnCloudWatch(config)) return [{ kind: 'put-otlp-metrics' }];
  return rolesOfHttp(config).map((roleArn) => ({ kind: 'assume-role', roleArn }));
}

export const otlp = defineSink({
  kind: 'otlp',
  title: 'OTLP over HTTP',
  config: OtlpConfig,
  secretsOf: (config) => [
    ...secretsOfHttp(config),
    ...secretsOfHeaders(config.headers),
    ...(config.apiKey === undefined ? [] : [config.apiKey]),
  ],
  grantsOf,
  load: async () => (await import('./create.ts')).createOtlp,
});
