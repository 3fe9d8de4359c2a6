/** Explains the error code of a connection that failed. */
import type { ProblemKind } from '../../model/problem.ts';

/** What a failed connection means to the person who has to mend it. */
export interface ConnectionReason {
  readonly kind: ProblemKind;
  readonly reason: string;
}

const unreachable =
  'cannot be reached; check the URL, the security group and, inside a VPC, the route to it (NAT gateway, endpoint)';
const unknownName = 'the host name cannot be resolved; check the URL and the DNS of the VPC';
const brokenOff =
  'the server or something on the way broke the connection off; some servers do so for want of a client certificate: check tls.cert and tls.key, and the log of the server';
const untrusted =
  'the server certificate is not signed by a CA that is known here; for a private CA set tls.ca to its certificate';

/** By Node's, undici's and OpenSSL's codes. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens at this address; check host and port of the URL, and that the server runs'],
  ['ENOTFOUND', unknownName],
  ['EAI_AGAIN', unknownName],
  ['ENETUNREACH', unreachable],
  ['EHOSTUNREACH', unreachable],
  ['ETIMEDOUT', unreachable],
  ['UND_ERR_CONNECT_TIMEOUT', unreachable],
  ['ECONNRESET', brokenOff],
  ['EPIPE', brokenOff],
  ['UND_ERR_SOCKET', brokenOff],
  ['UND_ERR_PRX_CONN', 'the proxy broke the connection off; check HTTPS_PROXY'],
  ['UND_ERR_PRX_TLS', 'the certificate of the proxy is not valid for its name; check HTTPS_PROXY'],
  ['PROXY_407', 'the proxy wants credentials; put them into the proxy URL'],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['CERT_HAS_EXPIRED', 'the server certificate has expired; renew it on the server'],
  ['CERT_NOT_YET_VALID', 'the server certificate is not valid yet; check the clock of the server'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the server certificate is for another host name; check the host of the URL'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the server does not speak TLS at this port; check the port and http or https'],
]);

/** OpenSSL's alerts by which a server refuses the certificate of its client (RFC 8446, section 6.2). */
const refusedCertificate =
  /^ERR_SSL_[\w/]*ALERT_(BAD_CERTIFICATE|CERTIFICATE_(REQUIRED|UNKNOWN|EXPIRED|REVOKED)|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/;

/** Text of a secret that is no PEM, a key that belongs to another certificate, and their like. */
const unusableMaterial = /^ERR_(OSSL|CRYPTO)_|^ERR_SSL_[\w/]*(KEY_VALUES_MISMATCH|KEY_TOO_SMALL|NO_START_LINE)$/;

export function isClientCertificateRefused(code: string): boolean {
  // A server without a suitable alert answers a missing or foreign certificate with a handshake failure.
  return refusedCertificate.test(code) || /^ERR_SSL_[\w/]*ALERT_HANDSHAKE_FAILURE$/.test(code);
}

export function explainConnection(code: string): ConnectionReason {
  if (isClientCertificateRefused(code)) {
    return {
      kind: 'auth',
      reason: 'the server wants a client certificate, or another one; check tls.cert and tls.key',
    };
  }
  if (unusableMaterial.test(code)) {
    return {
      kind: 'configuration',
      reason: 'tls.ca, tls.cert or tls.key is not usable PEM, or they do not belong together',
    };
  }
  const reason = reasons.get(code);
  if (reason !== undefined) return { kind: 'unavailable', reason };
  if (code.startsWith('PROXY_')) {
    return { kind: 'unavailable', reason: 'the proxy refused to connect; check its rules or NO_PROXY' };
  }
  return { kind: 'unavailable', reason: 'the connection failed; check the URL and the network on the way to it' };
}
