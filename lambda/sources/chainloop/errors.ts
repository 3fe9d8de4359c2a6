import { HttpError } from '../../http/errors.ts';

/** The control plane cannot be called here: the service is unknown, or what answers does not speak gRPC-Web. */
export class NoServiceError extends HttpError {
  override readonly name = 'NoServiceError';
  readonly reason: string;

  constructor(where: string, reason: string) {
    super(where, reason);
    this.reason = reason;
  }
}
