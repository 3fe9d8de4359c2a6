/** Knows the error codes of connections that failed: what each means, and whether the request was sent. */
import type { ProblemKind } from '../../model/problem.ts';

/** What a failed connection means to the person who has to mend it. */
export interface ConnectionReason {
  readonly kind: ProblemKind;
  readonly reason: string;
}

/** What is known of an error code: what it says to the operator, and what it says of the request. */
interface KnownCode extends ConnectionReason {
  /** `never`: the request was not sent, so that the server has seen nothing of it; `perhaps`: nobody knows. */
  readonly sent: 'never' | 'perhaps';
  /** Whether the next attempt may fare better: a certificate that is wrong is wrong again. */
  readonly mayPass: boolean;
}

const outOfReach =
  'cannot be reached; check the URL, the security group and, inside a VPC, the route to it (NAT gateway, endpoint)';
const unreachable: KnownCode = { kind: 'unavailable', reason: outOfReach, sent: 'never', mayPass: true };
const unknownName: KnownCode = {
  kind: 'unavailable',
  reason: 'the host name cannot be resolved; check the URL and the DNS of the VPC',
  sent: 'never',
  mayPass: true,
};
const brokenOff: KnownCode = {
  kind: 'unavailable',
  reason:
    'the server or something on the way broke the connection off; some servers do so for want of a client certificate: check tls.cert and tls.key, and the log of the server',
  sent: 'perhaps',
  mayPass: true,
};

/** The handshake failed, or the proxy let nothing through: the request was waiting for its end. */
function neverBegun(reason: string, kind: ProblemKind = 'unavailable'): KnownCode {
  return { kind, reason, sent: 'never', mayPass: false };
}

const untrusted = neverBegun(
  'the server certificate is not signed by a CA that is known here; for a private CA set tls.ca to its certificate',
);
const revoked = neverBegun(
  'the server certificate, or one of its CA, may not be used any more; renew it on the server',
);
const malformed = neverBegun('the server certificate is malformed; renew it on the server');
const unfit = neverBegun(
  'the server certificate, or one of its CA, was not made for servers or is too weak; renew it on the server',
);
const noTls = neverBegun('the server does not speak TLS at this port; check the port and http or https');
const noAgreement = neverBegun(
  'the server and this client have no version or cipher of TLS in common; allow TLS 1.2 or 1.3 on the server',
);

/** What a proxy answers says no more: it is the same without credentials and with wrong ones. */
export const refusedByProxy =
  'the proxy refused the credentials in its URL, or there are none; put valid ones into the URL (HTTPS_PROXY, HTTP_PROXY)';

/** Our own name for what Node calls ECONNRESET, as if the connection had been in use. */
const brokenHandshake = 'ERR_TLS_HANDSHAKE_BROKEN_OFF';

/** The code by which an error of a connection is known here; undefined where it has none. */
export function findConnectionCode(error: Error): string | undefined {
  if (error.message.startsWith('Client network socket disconnected before secure TLS')) return brokenHandshake;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // What Node finds while it writes has OpenSSL's reason in its text only.
  return code === 'EPROTO' && error.message.includes('wrong version number') ? 'ERR_SSL_WRONG_VERSION_NUMBER' : code;
}

/** By Node's, undici's and OpenSSL's codes. */
const knownCodes: ReadonlyMap<string, KnownCode> = new Map([
  [
    'ECONNREFUSED',
    {
      kind: 'unavailable',
      reason: 'nothing listens at this address; check host and port of the URL, and that the server runs',
      sent: 'never',
      mayPass: true,
    },
  ],
  ['ENOTFOUND', unknownName],
  ['EAI_AGAIN', unknownName],
  ['ENETUNREACH', unreachable],
  ['EHOSTUNREACH', unreachable],
  ['UND_ERR_CONNECT_TIMEOUT', unreachable],
  // Met while connecting, and by a connection that was used.
  ['ETIMEDOUT', { ...unreachable, sent: 'perhaps' }],
  ['ECONNRESET', brokenOff],
  ['ECONNABORTED', brokenOff],
  ['EPIPE', brokenOff],
  ['UND_ERR_SOCKET', brokenOff],
  [
    'UND_ERR_PRX_CONN',
    {
      kind: 'unavailable',
      reason: 'the proxy broke the connection off; check HTTPS_PROXY',
      sent: 'perhaps',
      mayPass: false,
    },
  ],
  ['UND_ERR_PRX_TLS', neverBegun('the certificate of the proxy is not valid for its name; check HTTPS_PROXY')],
  ['PROXY_407', neverBegun(refusedByProxy, 'auth')],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['CERT_UNTRUSTED', untrusted],
  ['CERT_SIGNATURE_FAILURE', untrusted],
  ['CERT_CHAIN_TOO_LONG', untrusted],
  ['CERT_REVOKED', revoked],
  ['CERT_REJECTED', revoked],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', malformed],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', malformed],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', malformed],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', malformed],
  ['INVALID_CA', unfit],
  ['INVALID_PURPOSE', unfit],
  ['PATH_LENGTH_EXCEEDED', unfit],
  ['CERT_HAS_EXPIRED', neverBegun('the server certificate has expired; renew it on the server')],
  ['CERT_NOT_YET_VALID', neverBegun('the server certificate is not valid yet; check the clock of the server')],
  ['HOSTNAME_MISMATCH', neverBegun('the server certificate is for another host name; check the host of the URL')],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    neverBegun('the server certificate is for another host name; check the host of the URL'),
  ],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', unreachable],
  [
    brokenHandshake,
    {
      kind: 'unavailable',
      reason:
        'the server or something on the way ended the connection before TLS was set up; check the port of the URL, that it speaks TLS, and whether it wants a client certificate',
      sent: 'never',
      mayPass: true,
    },
  ],
  ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', noTls],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', noAgreement],
  ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', noAgreement],
  ['ERR_SSL_DH_KEY_TOO_SMALL', noAgreement],
]);

/**
 * OpenSSL's alerts by which a server ends a handshake that cannot succeed (RFC 8446, section 6.2). Not among them: the
 * alerts that a connection in use may meet as well, such as a record that cannot be decrypted.
 */
const noAgreementAlert =
  /^ERR_SSL_[\w/]*ALERT_(PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|NO_APPLICATION_PROTOCOL)$/;

const unknownHost = neverBegun('the server has no certificate for this host name; check the host of the URL');
const unknownHostAlert = /^ERR_SSL_[\w/]*ALERT_UNRECOGNIZED_NAME$|^ERR_SSL_TLSV1_UNRECOGNIZED_NAME$/;

/** OpenSSL's alerts by which a server refuses the certificate of its client (RFC 8446, section 6.2). */
const refusedCertificate =
  /^ERR_SSL_[\w/]*ALERT_(BAD_CERTIFICATE|CERTIFICATE_(REQUIRED|UNKNOWN|EXPIRED|REVOKED)|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/;

/** Text of a secret that is no PEM, a key that belongs to another certificate, and their like. */
const unusableMaterial = /^ERR_(OSSL|CRYPTO)_|^ERR_SSL_[\w/]*(KEY_VALUES_MISMATCH|KEY_TOO_SMALL|NO_START_LINE)$/;

export function isClientCertificateRefused(code: string): boolean {
  // A server without a suitable alert answers a missing or foreign certificate with a handshake failure.
  return refusedCertificate.test(code) || /^ERR_SSL_[\w/]*ALERT_HANDSHAKE_FAILURE$/.test(code);
}

const clientCertificate = neverBegun(
  'the server wants a client certificate, or another one; check tls.cert and tls.key',
  'auth',
);
const unusablePem = neverBegun(
  'tls.ca, tls.cert or tls.key is not usable PEM, or they do not belong together',
  'configuration',
);
const proxyRefusal = neverBegun('the proxy refused to connect; check its rules or NO_PROXY');
const other: KnownCode = {
  kind: 'unavailable',
  reason: 'the connection failed; check the URL and the network on the way to it',
  sent: 'perhaps',
  mayPass: false,
};

/** All that is known of a code; one that is not known says nothing of what became of the request. */
function findCode(code: string): KnownCode {
  const known = knownCodes.get(code);
  if (known !== undefined) return known;
  // A server asks for a client certificate in the handshake, and reads no request before it has one that it takes.
  if (isClientCertificateRefused(code)) return clientCertificate;
  if (unusableMaterial.test(code)) return unusablePem;
  if (noAgreementAlert.test(code)) return noAgreement;
  if (unknownHostAlert.test(code)) return unknownHost;
  return code.startsWith('PROXY_') ? proxyRefusal : other;
}

export function explainConnection(code: string): ConnectionReason {
  const { kind, reason } = findCode(code);
  return { kind, reason };
}

/** Whether the code proves that the server has seen nothing of the request. */
export function isNeverSentCode(code: string): boolean {
  return findCode(code).sent === 'never';
}

/** Whether the next attempt may fare better. */
export function isPassingCode(code: string): boolean {
  return findCode(code).mayPass;
}
