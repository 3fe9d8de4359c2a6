/** Tells a credential that stands as plain text where a reference to it belongs. */

/** What the finding says; the value itself is never repeated. */
export const plainSecretMessage =
  'holds a credential as plain text, readable in the repository and the template; store it, revoke this one, and write a reference such as { secret: NAME }';

/** Names of headers by which servers are told who asks; a tenant or an environment is none. */
const credentialHeader =
  /^(proxy-)?authorization$|^cookie$|(^|[-_])(api|access|auth|ingest|insert|license|private|secret|subscription|write|x)[-_]?key$|(^|[-_])(auth|credentials?|passw(or)?d|secret|token)$/i;

export function isCredentialHeader(name: string): boolean {
  return credentialHeader.test(name);
}

/** Forms that their issuers document, each long enough that no name or address has it by chance. */
const credentialForms: readonly RegExp[] = [
  // An Authorization header.
  /^(bearer|basic|token)\s+[\w.~+/=-]{8,}$/i,
  // Buildkite: agent, API and portal tokens.
  /\bbk(aa|ct|cq|ua|pt|pat)_[A-Za-z0-9]{16,}/,
  // GitHub, GitLab.
  /\bgh[opsur]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20}/,
  // Atlassian: API tokens, access tokens, app passwords.
  /\bAT(AT|CT)T3x[\w=-]{20,}|\bATBB\w{20,}/,
  // AWS: the id of an access key, beside which the key itself stands.
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  // Grafana Cloud and Grafana, New Relic, Google, Slack.
  /\bgl(c|sa)_[\w+/=-]{20,}|\bNRAK-[A-Z0-9]{20,}|\b[0-9a-fA-FxX]{36}NRAL\b|\b(eu01xx|gov01x)\w+NRAL\b|\bya29\.[\w-]{20,}|\bxox[abprs]-[\w-]{10,}/,
  // JSON Web Token (RFC 7519), private key in PEM (RFC 7468).
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

export function looksLikeCredential(text: string): boolean {
  return credentialForms.some((form) => form.test(text));
}
