/** Tests what is said of each secret, and that no value shows. */
import { describe, expect, it } from 'vitest';
import { checkSecrets } from '../../../lambda/doctor/checks/check-secrets.ts';
import type { SecretRef } from '../../../lambda/secrets/secret-ref.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { createWired } from '../../support/wired.ts';

const signal = new AbortController().signal;

async function check(variables: Readonly<Record<string, string>>, ...refs: readonly SecretRef[]) {
  const { hub, cache } = createWired(variables);
  const parts = [
    { id: 'buildkite/main', settings: {}, secrets: refs },
    { id: 'tekton/ci', settings: {}, secrets: refs },
  ];
  const findings = await checkSecrets(parts, cache.secrets, signal);
  await hub.close();
  return findings;
}

describe('a secret', () => {
  it('that is long enough is told once, with all who use it', async () => {
    const findings = await check({ TOKEN: canaries.token }, { env: 'TOKEN' });

    expect(findings).toEqual([
      {
        subject: 'secret',
        where: 'environment variable TOKEN',
        verdict: 'ok',
        message: 'is there and long enough, for buildkite/main, tekton/ci',
      },
    ]);
    expectNoCanary(findings);
  });

  it.each([
    ['is missing', {}, 'failed', /^is not set|does not exist/],
    ['is empty', { TOKEN: ' ' }, 'failed', /^is empty/],
    ['is a placeholder', { TOKEN: '<token>' }, 'failed', /placeholder/],
    ['is short', { TOKEN: canaries.short }, 'warning', /^has fewer than \d+ characters$/],
    ['is a word', { TOKEN: 'password' }, 'warning', /everyday word/],
  ] as const)('that %s is told with a remedy', async (_, variables, verdict, message) => {
    const [finding] = await check(variables, { env: 'TOKEN' });

    expect(finding).toMatchObject({ verdict, where: 'environment variable TOKEN' });
    expect(finding?.message).toMatch(message);
    expect(finding !== undefined && 'remedy' in finding && finding.remedy.length > 10).toBe(true);
    expectNoCanary(finding);
  });
});
