/** Makes the credentials of a configuration: a token, the installation of a GitHub App, or the token for an enterprise. */
import { useWithRotation } from '../../../http/auth/rotation.ts';
import { UnusableSecretError } from '../../../http/errors/errors.ts';
import { wrapSecret } from '../../../secrets/secret.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { GithubActionsConfig } from '../config.ts';
import type { Access, AccessPorts } from './access.ts';
import { createInstallationAccess } from './installation.ts';
import type { Subject } from './permissions.ts';

export function createAccess(
  { auth, endpoint, organization }: Pick<GithubActionsConfig, 'auth' | 'endpoint' | 'organization'>,
  subjects: readonly Subject[],
  ports: AccessPorts,
): Access {
  if ('token' in auth) return createTokenAccess(auth.token, endpoint, ports);
  return createInstallationAccess({ ...auth.app, endpoint, organization, subjects }, ports);
}

/** Undefined where the enterprise has no token of its own. */
export function createEnterpriseAccess(
  { enterprise, endpoint }: Pick<GithubActionsConfig, 'enterprise' | 'endpoint'>,
  ports: AccessPorts,
): Access | undefined {
  return enterprise?.token === undefined ? undefined : createTokenAccess(enterprise.token, endpoint, ports);
}

function createTokenAccess(ref: SecretRef, endpoint: string, { secrets }: AccessPorts): Access {
  return {
    kind: 'token',
    secret: describeSecretRef(ref),
    granted: () => undefined,
    send: ({ deadline }, send) =>
      useWithRotation(secrets, ref, deadline.signal, (secret) =>
        send(wrapSecret(`Bearer ${parseToken(secret.reveal(), endpoint)}`)),
      ),
  };
}

/** A secret that was stored by a file or `echo` ends with a line break that is not part of it; its length may be any. */
function parseToken(text: string, endpoint: string): string {
  const token = text.trim();
  if (!token.startsWith('-----BEGIN ')) return token;
  throw new UnusableSecretError(
    endpoint,
    'the secret holds a key in PEM, which belongs to auth.app; put a token (github_pat_… or ghp_…) there',
  );
}
