/** The registry entry: which secrets and rights in AWS a configuration needs, and where its code is. */
import { collectHeaderSecrets } from '../../http/auth/custom-headers.ts';
import { collectHttpSecrets } from '../../http/settings.ts';
import { type AwsGrant, defineSink } from '../sink.ts';
import { RemoteWriteConfig } from './config.ts';

/** `/workspaces/<id>/api/v1/remote_write` at Amazon Managed Service for Prometheus. */
const workspacePath = /^\/workspaces\/([^/]+)\//;

function collectGrants({ auth, url }: RemoteWriteConfig): readonly AwsGrant[] {
  if (auth === undefined || !('sigv4' in auth)) return [];
  const { region, roleArn } = auth.sigv4;
  // The workspace is then written to with the rights of that role.
  if (roleArn !== undefined) return [{ kind: 'assume-role', roleArn }];
  const workspaceId = workspacePath.exec(new URL(url).pathname)?.[1];
  return workspaceId === undefined ? [] : [{ kind: 'aps-remote-write', region, workspaceId }];
}

export const remoteWrite = defineSink({
  kind: 'remote-write',
  title: 'Prometheus remote write',
  config: RemoteWriteConfig,
  secretsOf: (config) => [...collectHttpSecrets(config), ...collectHeaderSecrets(config.headers)],
  grantsOf: collectGrants,
  load: async () => (await import('./create.ts')).createRemoteWrite,
});
