/** Tests of alerting from end to end: what the collector writes, through real servers, to receivers that record. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { eventually } from '../../servers/process.ts';
import { withAlertmanager, withDebianPrometheus } from '../../servers/require.ts';
import { batchOf, gaugeOf } from '../../sinks/remote-write/batches.ts';
import { remoteWriteSink, type TestSink } from '../../sinks/remote-write/harness.ts';
import { findStarted } from '../../examples/tekton/listener.ts';
import { type Chain, type Receiver, receiverNames, startChain } from './chain.ts';

/** A hostile name: in Slack it would call everybody. */
const queue = 'deploy<!channel>';

interface SourceState {
  readonly isUp?: boolean;
  /** No figures of queues come, as from a source that gives nothing. */
  readonly isWithoutQueues?: boolean;
  /** Jobs without a worker, which have waited for an hour. */
  readonly starved?: number;
  readonly stuckRuns?: number;
  readonly pipeline?: string;
}

/** All that a collector writes in one run; its last one has ended so many seconds ago. */
function stateOf(sources: Readonly<Record<string, SourceState>>, secondsAgo = 0): Parameters<TestSink['write']>[0] {
  const each = Object.entries(sources);
  const ofQueues = (read: (state: SourceState) => number) =>
    each
      .filter(([, { isWithoutQueues = false }]) => !isWithoutQueues)
      .map(([source, state]) => ({
        labels: { system: 'tekton', source, scope: 'prod', queue },
        value: read(state),
      }));
  return batchOf([
    gaugeOf(
      'ci_queue_starved_jobs',
      ofQueues(({ starved = 0 }) => starved),
    ),
    gaugeOf(
      'ci_queue_oldest_wait_seconds',
      ofQueues(({ starved = 0 }) => (starved === 0 ? 0 : 3600)),
    ),
    gaugeOf(
      'ci_runs_stuck',
      each.map(([source, { stuckRuns = 0, pipeline = 'build' }]) => ({
        labels: { system: 'tekton', source, scope: 'ci', pipeline },
        value: stuckRuns,
      })),
    ),
    gaugeOf(
      'ci_collector_source_up',
      each.map(([source, { isUp = true }]) => ({ labels: { system: 'tekton', source }, value: isUp ? 1 : 0 })),
    ),
    gaugeOf('ci_collector_last_run_timestamp_seconds', [
      { labels: {}, value: Math.floor(Date.now() / 1000) - secondsAgo },
    ]),
  ]);
}

const Slack = z.object({ attachments: z.tuple([z.object({ title: z.string(), text: z.string() })]) });
const PagerDuty = z.object({
  routing_key: z.literal('routing-key'),
  event_action: z.enum(['trigger', 'resolve']),
  dedup_key: z.string(),
  payload: z.object({ summary: z.string(), severity: z.literal('critical') }),
});
const Webhook = z.object({
  version: z.literal('4'),
  status: z.literal('firing'),
  alerts: z.tuple([z.object({ labels: z.record(z.string(), z.string()) })]),
});

withDebianPrometheus('alerts', () => {
  withAlertmanager('from the rules to whom Alertmanager tells', () => {
    let chain: Chain;
    beforeAll(async () => {
      chain = await startChain();
    }, 120_000);
    afterAll(() => chain[Symbol.asyncDispose]());

    const collectorNamed = (name: string): TestSink =>
      remoteWriteSink({ url: `${chain.prometheus.url}/api/v1/write` }, name);

    const counts = (about: string): readonly number[] =>
      receiverNames.map((receiver) => chain.told(receiver, about).length);

    /** Until a receiver was told so often. */
    const untilTold = (receiver: Receiver, about: string, times: number) =>
      eventually(
        () => Promise.resolve(chain.told(receiver, about)),
        (requests) => requests.length >= times,
      );

    const parsed = <Shape extends z.ZodType>(shape: Shape, receiver: Receiver, about: string): z.infer<Shape>[] =>
      chain.told(receiver, about).map(({ body }) => shape.parse(JSON.parse(body.toString('utf8'))));

    it('tell that nothing has ever come, where no collector writes', async () => {
      await untilTold('slack', 'No collector has delivered anything here', 1);
      await untilTold('pagerduty', 'No collector has delivered anything here', 1);
    });

    it('call once for a stuck queue, name it, and end by themselves', async () => {
      await using collector = collectorNamed('stuck-case');
      await collector.write(stateOf({ stuck: { starved: 3 }, other: {} }));
      for (const receiver of ['slack', 'pagerduty', 'opsgenie'] as const) await untilTold(receiver, 'stuck', 1);
      await chain.flush(12);

      // What waits because nobody works is told as one thing, and nobody is told twice.
      expect(counts('stuck')).toEqual([1, 1, 1, 1]);
      const [opened] = parsed(PagerDuty, 'pagerduty', 'stuck');
      expect(opened?.event_action).toBe('trigger');
      expect(opened?.payload.summary).toBe(`Queue ${queue} of prod (source stuck) has jobs and no worker: 3 queued`);
      const [said] = parsed(Slack, 'slack', 'stuck');
      expect(said?.attachments[0].title).toBe('1 firing of source stuck');
      expect(said?.attachments[0].text).toMatch(
        /^\*QueueStarved\* since .* UTC: Queue deploy&lt;!channel&gt; of prod \(source stuck\) has jobs and no worker: 3 queued \(docs\/operating\.md#any-queue-starved\)\n$/,
      );
      expect(chain.told('opsgenie', 'stuck')[0]).toMatchObject({
        path: '/opsgenie/v2/alerts',
        headers: { authorization: 'GenieKey api-key' },
      });

      await collector.write(stateOf({ stuck: {}, other: {} }));
      await untilTold('slack', 'stuck', 2);
      await untilTold('pagerduty', opened?.dedup_key ?? 'none', 2);
      await eventually(
        () => Promise.resolve(chain.told('opsgenie', 'stuck')),
        () => chain.told('opsgenie', '').some(({ path }) => path.includes('/close')),
      );

      expect(parsed(Slack, 'slack', 'stuck')[1]?.attachments[0].title).toBe('resolved of source stuck');
      expect(parsed(PagerDuty, 'pagerduty', opened?.dedup_key ?? 'none').map((event) => event.event_action)).toEqual([
        'trigger',
        'resolve',
      ]);
      expect(counts('source other')).toEqual([0, 0, 0, 0]);
    });

    it('call a pipeline for what it can repair, with the token and all labels, and chat besides', async () => {
      await using collector = collectorNamed('runs-case');
      await collector.write(stateOf({ tekton: { stuckRuns: 2, pipeline: 'hanging' } }));
      await untilTold('tekton', 'hanging', 1);
      await untilTold('slack', 'hanging', 1);
      await chain.flush(12);

      expect(counts('hanging')).toEqual([1, 0, 0, 1]);
      expect(chain.told('tekton', 'hanging')[0]?.headers['authorization']).toBe('Bearer bearer-token');
      const [called] = parsed(Webhook, 'tekton', 'hanging');
      expect(called?.alerts[0].labels).toEqual({
        ...{ alertname: 'RunsStuck', severity: 'warning', collector: 'runs-case' },
        ...{ system: 'tekton', source: 'tekton', scope: 'ci', pipeline: 'hanging' },
      });

      // What was really sent is what the example of an EventListener answers, and with what it can be told apart.
      const [posted] = chain.told('tekton', 'hanging').map(({ headers, body }) => ({
        headers,
        body: JSON.parse(body.toString('utf8')) as unknown,
      }));
      expect(posted === undefined ? [] : findStarted(posted)).toMatchObject([
        { template: 'cancel-stuck-runs', params: { pipeline: 'hanging' } },
      ]);

      await collector.write(stateOf({ tekton: { pipeline: 'hanging' } }));
      await untilTold('slack', 'hanging', 2);
      // The end of it starts nothing.
      expect(chain.told('tekton', 'hanging')).toHaveLength(1);
    });

    it('say nothing in an empty night', async () => {
      await using collector = collectorNamed('night-case');
      await collector.write(stateOf({ asleep: {} }));
      await chain.evaluate(4);

      expect(await chain.prometheus.query('ALERTS{collector="night-case"}')).toEqual([]);
      expect(counts('asleep')).toEqual([0, 0, 0, 0]);
      expect(counts('night-case')).toEqual([0, 0, 0, 0]);
    });

    it('tell of a source that is down, and of the queues that it still gives', async () => {
      await using collector = collectorNamed('source-case');
      const queueOfPartial = 'of prod (source partial)';
      await collector.write(
        stateOf({ dead: { isUp: false, isWithoutQueues: true }, partial: { isUp: false, starved: 3 } }),
      );
      await untilTold('pagerduty', 'Source dead', 1);
      await untilTold('slack', 'Source partial', 1);
      for (const receiver of ['slack', 'pagerduty', 'opsgenie', 'tekton'] as const)
        await untilTold(receiver, queueOfPartial, 1);
      await chain.flush(12);

      expect(parsed(PagerDuty, 'pagerduty', 'ource dead').map(({ payload }) => payload.summary)).toEqual([
        'Source dead (tekton) does not give everything',
      ]);
      expect(parsed(Slack, 'slack', 'ource dead').map(({ attachments: [{ title }] }) => title)).toEqual([
        '1 firing of source dead',
      ]);
      expect(counts('ource dead')).toEqual([1, 1, 1, 0]);
      expect(parsed(Webhook, 'tekton', queueOfPartial).map(({ alerts: [{ labels }] }) => labels['alertname'])).toEqual([
        'QueueStarved',
      ]);
    });

    it('tell of a dead collector and of nothing else that it said', async () => {
      await using collector = collectorNamed('collector-case');
      await collector.write(stateOf({ 'gone-too': { isUp: false, starved: 3, stuckRuns: 1 } }, 600));
      await untilTold('pagerduty', 'collector-case', 1);
      await untilTold('slack', 'collector-case', 1);
      await chain.flush(12);

      expect(await chain.prometheus.query('ALERTS{collector="collector-case"}')).toHaveLength(5);
      expect(counts('gone-too')).toEqual([0, 0, 0, 0]);
      expect(counts('collector-case')).toEqual([1, 1, 1, 0]);
      const [opened] = parsed(PagerDuty, 'pagerduty', 'collector-case');
      expect(opened?.payload.summary).toMatch(/^Collector collector-case has delivered nothing here for 10m \d+s$/);
    });
  });
});
