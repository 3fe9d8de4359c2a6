/** The refusals of a control plane, with the status and the words of a real one. */

/**
 * What a control plane refuses, with the status and the words of a real one (v1.106.1 and v1.99.1 with PostgreSQL). A token
 * that is well signed is looked up in the database, and a problem that is found there has the status 2 (unknown).
 */

export interface GrpcRefusal {
  /** Number of grpc/grpc, doc/statuscodes.md. */
  readonly status: number;
  readonly text: string;
}

const setting = 'error setting current org and user';

/** What may be wrong with the token, its organization or what it may do. */
export const tokenRefusals = {
  'garbage token': { status: 16, text: 'Token is invalid' },
  'no token': { status: 16, text: 'JWT token is missing' },
  'expired token': { status: 16, text: 'JWT token has expired' },
  'revoked token': { status: 2, text: `${setting}: API token revoked` },
  'unknown token': { status: 2, text: `${setting}: error retrieving the API token: token not found` },
  'deleted organization': { status: 2, text: `${setting}: error retrieving the organization: organization not found` },
  'database down': {
    status: 2,
    text: `${setting}: error retrieving the API token: finding token: getting APIToken: FATAL: the database system is shutting down (SQLSTATE 57P03)`,
  },
  'forbidden lists': { status: 7, text: 'operation not allowed' },
  'suspended organization': { status: 7, text: 'organization is suspended' },
} as const satisfies Readonly<Record<string, GrpcRefusal>>;

export type TokenRefusal = keyof typeof tokenRefusals;

export function isTokenRefusal(scenario: string): scenario is TokenRefusal {
  return scenario in tokenRefusals;
}

/** A user's token for an organization that the user is no member of. */
export function refuseNotMember(organization: string): GrpcRefusal {
  return { status: 7, text: `user is not a member of organization ${organization}` };
}

export function refuseInvalid(text: string): GrpcRefusal {
  return { status: 3, text: `validation error: ${text}` };
}

export function refuseNotFound(what: 'workflow' | 'project' | 'version'): GrpcRefusal {
  return { status: 5, text: `${what} not found` };
}

export const badCursor: GrpcRefusal = { status: 13, text: 'invalid pagination options' };

export function refuseUnknownService(service: string): GrpcRefusal {
  return { status: 12, text: `unknown service ${service}` };
}

export function refuseUnknownMethod(method: string, service: string): GrpcRefusal {
  return { status: 12, text: `unknown method ${method} for service ${service}` };
}
