/** Tests what is said of each secret, and that no value shows. */
import { describe, expect, it } from 'vitest';
import { checkSecrets } from '../../../lambda/doctor/checks/check-secrets.ts';
import type { SecretRef } from '../../../lambda/secrets/secret-ref.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { recordingLog } from '../../support/recording-log.ts';
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

  it.each([
    ['the key file of a service account', { client_email: 'a@b.test', private_key: canaries.token }, 'ok'],
    ['a kubeconfig', { clusters: [], contexts: [], token: canaries.token }, 'ok'],
    ['an object whose key is not named', { client_email: 'a@b.test', token: canaries.token }, 'warning'],
  ] as const)('that is %s is judged as a whole', async (_, value, verdict) => {
    const read = () => Promise.resolve(new Map([['ci', { text: JSON.stringify(value) }]]));
    const stores = { secret: { read }, parameter: { read }, env: { read }, file: { read } };
    const limits = { clock: Date.now, cacheMs: 1000 };
    const { secrets } = createSecrets({ stores, ...limits, redactor: createRedactor(), log: recordingLog() });

    const findings = await checkSecrets(
      [{ id: 'tekton/ci', settings: {}, secrets: [{ secret: 'ci' }] }],
      secrets,
      signal,
    );

    expect(findings).toMatchObject([{ verdict }]);
    expectNoCanary(findings);
  });
});
