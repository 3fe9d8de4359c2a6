import { secretsOfHeaders } from '../../http/auth/custom-headers.ts';
import { secretsOfHttp } from '../../http/settings.ts';
import { type AwsGrant, defineSink } from '../sink.ts';
import { RemoteWriteConfig } from './config.ts';

/** `/workspaces/<id>/api/v1/remote_write` at Amazon Managed Service for Prometheus. */
const workspacePath = /^\/workspaces\/([^/]+)\//;

function grantsOf({ auth, url }: RemoteWriteConfig): readonly AwsGrant[] {
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
  secretsOf: (config) => [...secretsOfHttp(config), ...secretsOfHeaders(config.headers)],
  grantsOf,
  load: async () => (await import('./create.ts')).createRemoteWrite,
});
