/** Decides where the new configuration finds each token: where it lies today, or in a secret that is to be made. */
import type { SecretRef } from '../../secrets/secret-ref.ts';
import type { TokenLocation } from './installation.ts';

/** Where the new configuration is used; environment variables exist in a terminal only. */
export type Target = 'aws' | 'terminal';

/** The secret that takes typed values, as in the project's own collector.yaml. */
export const newSecret = 'ci-metrics/buildkite';

/** Member of the new secret for the nth of so many typed tokens. */
function formatMember(index: number, count: number): string {
  return count === 1 ? 'agentToken' : `agentToken${String(index + 1)}`;
}

/** Environment variable for the nth of so many typed tokens. */
function formatVariable(index: number, count: number): string {
  return count === 1 ? 'BUILDKITE_AGENT_TOKEN' : `BUILDKITE_AGENT_TOKEN_${String(index + 1)}`;
}

export interface TokenRefs {
  readonly refs: readonly SecretRef[];
  /** Members of the new secret, or environment variables, whose values have to be put there by hand. */
  readonly toFill: readonly string[];
}

export function assignTokens(tokens: readonly TokenLocation[], target: Target): TokenRefs {
  const typed = tokens.filter(({ kind }) => kind === 'typed');
  const nameAt = target === 'aws' ? formatMember : formatVariable;
  const toFill = typed.map((_, index) => nameAt(index, typed.length));
  const free = [...toFill];
  const refs = tokens.map((token): SecretRef => {
    if (token.kind === 'parameter') return { parameter: token.name };
    if (token.kind === 'secret') return { secret: token.name, ...(token.key === undefined ? {} : { key: token.key }) };
    const name = free.shift() ?? '';
    return target === 'aws' ? { secret: newSecret, key: name } : { env: name };
  });
  return { refs, toFill };
}
