/** Tests of what it costs to tell people of alarms. */
import { describe, expect, it } from 'vitest';
import { Alarms } from '../../../lambda/config/deployment.ts';
import { listReceiverSecrets, priceMessages } from '../../../lambda/cost/lines/message-lines.ts';

const token = { secret: 'ci/receiver' };
const slack = { kind: 'slack', workspace: 'T01ABCDEF23', channel: 'C01ABCDEF23' };
const pagerduty = { kind: 'pagerduty', routingKey: { secret: 'ci/pagerduty' } };
const jira = { kind: 'jira-service-management', apiKey: { secret: 'ci/jira' } };
const email = { kind: 'email', address: 'a@example.com' };

const priceOf = (alarms: object) => priceMessages(Alarms.parse(alarms));

describe('messages of alarms', () => {
  it.each([[{}], [{ notify: [email] }], [{ emails: ['a@example.com'] }]])(
    'cost nothing by mail alone: %j',
    (alarms) => {
      expect(priceOf(alarms)).toEqual([]);
    },
  );

  it('cost a function, an event each, and a request for each receiver that takes requests', () => {
    const lines = priceOf({ notify: [email, slack, pagerduty, jira] });

    expect(lines.map(({ item, basis }) => [item, basis])).toEqual([
      ['function behind the alarms', '1,000 messages × 1 s × 256 MB'],
      ['messages of alarms', '1,000 events × $1.00 a million, 2,000 requests × $0.20 a million'],
    ]);
    const [fn, messages] = lines;
    // 1,000 × 1 s × 0.25 GB, and 1,000 invocations.
    expect(fn?.usd).toBeCloseTo(250 * 0.000_013_333_4 + 0.0002, 9);
    // 1,000 events at $1 a million, 2,000 requests at $0.20.
    expect(messages?.usd).toBeCloseTo(0.001 + 0.0004, 9);
  });

  it('cost no request in chat, and one by the older setting of a webhook', () => {
    expect(priceOf({ notify: [slack] })[1]?.basis).toContain(' 0 requests');
    expect(priceOf({ webhook: { url: 'https://e.example.com/', token } })[1]?.basis).toContain(' 1,000 requests');
  });

  it('need the secrets of their receivers', () => {
    const alarms = Alarms.parse({
      webhook: { url: 'https://e.example.com/', token },
      notify: [email, slack, pagerduty, jira],
    });

    expect(listReceiverSecrets(alarms)).toEqual(['ci/pagerduty', 'ci/jira', 'ci/receiver']);
  });
});
