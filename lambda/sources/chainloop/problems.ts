/** Turns errors of the Chainloop source into problems with remedies. */
import { HttpStatusError, NotHttpError } from '../../http/errors/errors.ts';
import { describeHttpProblem, type StatusHints } from '../../http/errors/problem.ts';
import type { Problem } from '../../model/problem.ts';
import { describeSecretRef } from '../../secrets/secret-ref.ts';
import type { ChainloopConfig } from './config.ts';
import { NoServiceError, OtherOrganizationError } from './errors.ts';
import { GrpcStatusError } from './grpc-web/grpc-status.ts';

export function whereOfSource({ name }: Pick<ChainloopConfig, 'name'>): string {
  return `chainloop/${name}`;
}

/** The problem that an error of the control plane is. @throws every unexpected error: a bug. */
export function describeControlPlaneProblem(error: unknown, config: ChainloopConfig): Problem {
  if (error instanceof NoServiceError) {
    const remedy = `check url, it is the HTTP address (port 8000), not the one of gRPC; ${describeMissing(config)}`;
    return { ...locateService(error, config), message: `${error.reason}: ${remedy}` };
  }
  if (error instanceof OtherOrganizationError) return describeOtherOrganization(error, config);
  if (error instanceof NotHttpError) return describeNotHttp(error, config);
  const hints = describeRemedies(config);
  if (!(error instanceof GrpcStatusError)) return describeExpected(error, config, hints);
  const problem = describeExpected(error, config, hints);
  const { kind = problem.kind, message = hints[error.status] ?? serverErrorHint } = describeRefusal(error, config);
  return { ...problem, kind, message: `gRPC status ${error.grpcStatus}: ${message}` };
}

function describeOtherOrganization({ organization }: OtherOrganizationError, config: ChainloopConfig): Problem {
  const message = `the token in ${describeSecretRef(config.token)} is one of the organization ${JSON.stringify(organization)}; put its name into organization, or an API token of ${config.organization} into the secret`;
  return { kind: 'configuration', where: whereOfSource(config), message };
}

function describeNotHttp(error: NotHttpError, config: ChainloopConfig): Problem {
  const message =
    'the answer is not HTTP, as the gRPC port (9000) gives it; url is the HTTP address of the control plane (port 8000)';
  return { kind: 'bad-response', where: `${whereOfSource(config)} ${error.where}`, message };
}

const serverErrorHint = 'the server has a fault of its own; look at its log if it lasts';

function describeRemedies(config: ChainloopConfig): StatusHints {
  const token = describeSecretRef(config.token);
  return {
    400: 'the server refused the request; it may be of another version than the collector was made for: update the older of the two',
    401: `the API token in ${token} is wrong or expired; put a valid one there`,
    403: `the API token in ${token} may not list workflow runs; put one there that has the default policies of organization tokens`,
    404: 'the server knows no such project, workflow or version; check url, organization and the names in the configuration',
    429: 'the server is asked too often, or is short of memory; raise the interval',
    503: 'the server cannot answer now; look at its log if it lasts',
    504: 'the server ran out of time; look at its log if it lasts',
  };
}

/** What the text of the server tells beyond its status, in words of our own: the text may quote what was sent. */
function describeRefusal(
  { reason }: GrpcStatusError,
  config: ChainloopConfig,
): Partial<Pick<Problem, 'kind' | 'message'>> {
  const token = describeSecretRef(config.token);
  const { organization } = config;
  switch (reason) {
    case undefined:
      return {};
    case 'revoked token':
      return {
        message: `the API token in ${token} is revoked; make a new one and put it there. An organization may revoke tokens by itself that were not used for some days`,
      };
    case 'unknown token':
      return { message: `the server does not know the API token in ${token}; it was deleted, or is of another server` };
    case 'deleted organization':
      return { message: `the organization of the API token in ${token} does not exist any more` };
    case 'suspended organization':
      return {
        kind: 'rejected',
        message: `the organization ${organization} is suspended, and no token of it may do anything; who runs the server can end that`,
      };
    case 'not a member':
      return {
        kind: 'configuration',
        message: `the user of the token in ${token} is no member of the organization ${organization}; correct organization, or use an API token of it`,
      };
    case 'database':
      return { message: 'the server cannot read its database; nothing is to be done here unless it lasts' };
    case 'cursor':
      return {
        kind: 'bad-response',
        message:
          'the server does not understand the cursor that it gave itself, so the rest of the list cannot be read',
      };
  }
}

function describeMissing({ read }: ChainloopConfig): string {
  return read === 'both' || read === 'control-plane'
    ? 'where only /prom can be reached, set read: relay'
    : 'and the relay gave nothing either';
}

/** What `read: auto` says when it had to do with the server's own metrics page. */
export function describeFallback(error: NoServiceError, config: ChainloopConfig): Problem {
  const message = `${error.reason}, so only what /prom has is published: no projects, no policies, and counts of one replica of the server; let the HTTP address pass gRPC-Web, or set read: relay to be content with that`;
  return { ...locateService(error, config), message };
}

function locateService(error: NoServiceError, config: ChainloopConfig): Pick<Problem, 'kind' | 'where'> {
  return { kind: 'configuration', where: `${whereOfSource(config)} ${error.where}` };
}

/** The problem that an error of the metrics page is. @throws every unexpected error: a bug. */
export function describePageProblem(error: unknown, config: ChainloopConfig): Problem {
  if (error instanceof OtherOrganizationError) return describeOtherOrganization(error, config);
  if (error instanceof NotHttpError) return describeNotHttp(error, config);
  const problem = describeExpected(error, config, {
    400: describePageRefusal(error),
    401: `the API token in ${describeSecretRef(config.token)} is wrong or expired`,
    404: describeIntegration(error),
    500: 'the server could not gather its metrics; look at its log',
  });
  const isRefused = error instanceof HttpStatusError && error.status === 400;
  return isRefused ? { ...problem, kind: 'configuration' } : problem;
}

/** The server tells a token of another organization by a text only; there is no 403. */
function describePageRefusal(error: unknown): string {
  return error instanceof HttpStatusError && /does not match the organization/i.test(error.excerpt)
    ? 'the API token belongs to another organization; put its name into organization, or a token of this one into the secret'
    : 'the server did not understand the path; check url, which has no path of its own';
}

function describeIntegration(error: unknown): string {
  return error instanceof HttpStatusError && /Prometheus integration/i.test(error.excerpt)
    ? 'the server has no Prometheus integration for this organization; name it in prometheus_integration of the server (Helm: controlplane.prometheus_org_metrics), or set read: control-plane'
    : 'the server knows no /prom; check url, it is the HTTP address of the control plane';
}

function describeExpected(error: unknown, config: ChainloopConfig, hints: StatusHints): Problem {
  const problem = describeHttpProblem(error, whereOfSource(config), hints);
  if (problem === undefined) throw error;
  return problem;
}
