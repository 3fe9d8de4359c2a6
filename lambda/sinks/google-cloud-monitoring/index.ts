/** The registry entry: what a configuration needs, and where its code is. */
import { collectGoogleSecrets } from '../../http/auth/google/settings.ts';
import { collectHttpSecrets } from '../../http/settings.ts';
import { defineSink } from '../sink.ts';
import { GoogleCloudMonitoringConfig } from './config.ts';

export const googleCloudMonitoring = defineSink({
  kind: 'google-cloud-monitoring',
  title: 'Google Cloud Monitoring',
  config: GoogleCloudMonitoringConfig,
  secretsOf: ({ auth, tls }) => [...collectGoogleSecrets(auth), ...collectHttpSecrets({ tls })],
  // STS answers GetCallerIdentity to everybody, so that not even federation needs a right in AWS.
  grantsOf: () => [],
  load: async () => (await import('./create.ts')).createGoogleCloudMonitoring,
});
