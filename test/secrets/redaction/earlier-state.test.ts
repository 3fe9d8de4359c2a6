/** What an earlier version has written to the state in clear is gone when it is read, and from the store with the next save. */
import { expect, it } from 'vitest';
import { cleanStore } from '../../../lambda/counters/stores/clean-store.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { formatOutbox, parseOutbox } from '../../../lambda/counters/outbox/outbox.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { canaries, canariesIn, expectNoCanary } from '../../support/canary.ts';

const { signal } = new AbortController();
const id = 'outbox/cloudwatch/main';

it.each([
  ['as it is', canaries.token],
  ['in Base64', Buffer.from(`user:${canaries.token}`).toString('base64')],
  ['percent-encoded', encodeURIComponent(canaries.token)],
])('an outbox of an earlier version that holds a secret %s', async (_, secret) => {
  const bare = createMemoryStateStore();
  const content = { dimensions: [{ Name: 'Queue', Value: secret }], [secret]: 1, value: 7 };
  const parcel = { tickMs: 1, samples: 1, content };
  const body = formatOutbox({ entries: [{ parcel, claim: undefined }], settled: { [secret]: [1] } });
  await bare.save(id, { body, before: 0 }, signal);
  const redactor = createRedactor();
  redactor.remember(canaries.token);
  const store = cleanStore(bare, redactor);

  const loaded = await store.load(id, signal);
  await store.save(id, { body, before: 1 }, signal);
  const kept = await bare.load(id, signal);

  expect(canariesIn(body)).not.toEqual([]);
  for (const document of [loaded, kept]) {
    expectNoCanary(document);
    const { entries, settled } = parseOutbox(document?.body ?? '', 'cloudwatch/main');
    expect(entries[0]?.parcel).toMatchObject({ tickMs: 1, samples: 1, content: { value: 7 } });
    expect(Object.values(settled)).toEqual([[1]]);
  }
});
