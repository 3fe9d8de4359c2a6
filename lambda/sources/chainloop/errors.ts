/** Errors of the Chainloop source that need a remedy of their own. */
import { HttpError } from '../../http/errors/errors.ts';
import { CredentialRefusedError } from '../../http/errors/credential-refused.ts';

/** The control plane cannot be called here: the service is unknown, or what answers does not speak gRPC-Web. */
export class NoServiceError extends HttpError {
  override readonly name = 'NoServiceError';
  readonly reason: string;

  constructor(where: string, reason: string) {
    super(where, reason);
    this.reason = reason;
  }
}

/** The token sees another organization than the configured one; the secret may hold the right one by now. */
export class OtherOrganizationError extends CredentialRefusedError {
  override readonly name = 'OtherOrganizationError';
  readonly organization: string;

  constructor(organization: string) {
    super('the token is of another organization');
    this.organization = organization;
  }
}
