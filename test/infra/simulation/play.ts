/** Plays a history minute by minute: collectors poll, CloudWatch evaluates, and people are told. */
import type { Synthesis } from '../synthesis.ts';
import { SimulatedAccount, type AccountOptions, type Notification } from './account.ts';
import { simulateCollector, type Scene, type SimulatedCollector } from './collector.ts';
import { alarmsIn, type TemplateAlarms } from './template-alarms.ts';

/** Plays a history: collectors poll, CloudWatch evaluates, and people are told. Time is in minutes from the deployment. */

export interface Played {
  /** The alarms that went off and told a person, without the name of the collector. */
  readonly woken: readonly string[];
  readonly told: readonly Notification[];
  readonly account: SimulatedAccount;
  readonly stateOf: (name: string) => string;
  /** The minute in which an alarm first told that it went off. */
  readonly firstMinute: (name: string) => number | undefined;
}

export interface PlayOptions extends AccountOptions {
  readonly minutes: number;
  /** What happens in the poll of this moment. */
  readonly scene: (minute: number, second: number) => Scene;
  /** When the schedule fires first; EventBridge Scheduler waits for one interval. */
  readonly firstRunMinute?: number;
  readonly queues?: readonly string[];
}

/** A full hour, so that every period begins with it. */
export const startMinute = 24 * 60;

/** Epoch milliseconds of a minute of a history. */
export function timeOf(minute: number): number {
  return (startMinute + minute) * 60_000;
}

export function play(synthesis: Synthesis, options: PlayOptions): Played {
  return playTogether([synthesis], options);
}

/** Several collectors in one account; the scene is that of the first, and the others are well. */
export function playTogether(syntheses: readonly Synthesis[], options: PlayOptions): Played {
  const account = new SimulatedAccount(options);
  const collectors = syntheses.map((synthesis) => {
    const alarms = inOwnStack(alarmsIn(synthesis.template), synthesis.prepared.config.collector);
    account.deploy(alarms);
    return simulateCollector({
      prepared: synthesis.prepared,
      ...namesIn(alarms),
      ...(options.queues === undefined ? {} : { queues: options.queues }),
    });
  });
  for (let minute = 0; minute < options.minutes; minute += 1) {
    for (const [index, collector] of collectors.entries()) pollAll(collector, account, minute, index, options);
    account.evaluate(startMinute + minute + 1);
  }
  const prefix = `${syntheses[0]?.prepared.config.collector ?? ''}/`;
  const told = account.notifications.map((one) => ({ ...one, minute: one.minute - startMinute }));
  const went = told.filter(({ state }) => state === 'ALARM');
  const nameOf = ({ alarm }: Notification): string => alarm.replace(prefix, '');
  return {
    told,
    account,
    woken: [...new Set(went.map(nameOf))].sort(),
    stateOf: (name) => account.state(`${prefix}${name}`),
    firstMinute: (name) => went.find((one) => nameOf(one) === name)?.minute,
  };
}

function pollAll(
  collector: SimulatedCollector,
  account: SimulatedAccount,
  minute: number,
  index: number,
  { scene, firstRunMinute }: PlayOptions,
): void {
  if (minute < (firstRunMinute ?? collector.scheduleSeconds / 60)) return;
  for (let second = 0; second < 60; second += 1) {
    const atSeconds = (startMinute + minute) * 60 + second;
    if (atSeconds % collector.intervalSeconds !== 0) continue;
    collector.poll(account.store, atSeconds, index === 0 ? scene(minute, second) : {});
  }
}

/** Two stacks of the same app have the same logical ids; what CloudFormation makes of them differs. */
function inOwnStack({ metricAlarms, promqlAlarms, compositeAlarms }: TemplateAlarms, stack: string): TemplateAlarms {
  const own = (text: string): string => text.replaceAll(':alarm:', `:alarm:${stack}-`);
  const ofAws = (namespace: string | undefined, dimensions: Readonly<Record<string, string>>) =>
    namespace?.startsWith('AWS/') === true
      ? Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, `${stack}-${value}`]))
      : dimensions;
  return {
    promqlAlarms,
    metricAlarms: metricAlarms.map((alarm) => ({
      ...alarm,
      arn: own(alarm.arn),
      Dimensions: ofAws(alarm.Namespace, alarm.Dimensions),
      Metrics: alarm.Metrics.map((metric) => {
        if (metric.MetricStat === undefined) return metric;
        const { Metric } = metric.MetricStat;
        const Dimensions = ofAws(Metric.Namespace, Metric.Dimensions);
        return { ...metric, MetricStat: { ...metric.MetricStat, Metric: { ...Metric, Dimensions } } };
      }),
    })),
    compositeAlarms: compositeAlarms.map((alarm) => ({
      ...alarm,
      arn: own(alarm.arn),
      AlarmRule: own(alarm.AlarmRule),
      ...(alarm.ActionsSuppressor === undefined ? {} : { ActionsSuppressor: own(alarm.ActionsSuppressor) }),
    })),
  };
}

/** The function and the queue, as the alarms name them. */
function namesIn({ metricAlarms }: TemplateAlarms): { functionName: string; deadLetterQueue: string } {
  const dimension = (name: string): string =>
    metricAlarms
      .flatMap(({ Dimensions, Metrics }) => [
        Dimensions,
        ...Metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric.Dimensions])),
      ])
      .map((dimensions) => dimensions[name])
      .find((value) => value !== undefined) ?? '';
  return { functionName: dimension('FunctionName'), deadLetterQueue: dimension('QueueName') };
}
