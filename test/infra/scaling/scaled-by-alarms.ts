/** What scales a simulated group: the alarms and policies of a synthesised template, or the rules of the vendor's scaler. */
import * as z from 'zod';
import { SimulatedMetricAlarm } from '../simulation/metric-alarm.ts';
import { MetricStore } from '../simulation/metric-store.ts';
import { parseMetricAlarm } from '../simulation/template-alarms.ts';
import type { SimulatedGroup } from './simulated-group.ts';

/** Called each second. */
export interface Scaler {
  readonly act: (group: SimulatedGroup, now: number) => void;
}

const Steps = z.array(
  z.object({
    MetricIntervalLowerBound: z.number().default(-Infinity),
    MetricIntervalUpperBound: z.number().default(Infinity),
    ScalingAdjustment: z.number(),
  }),
);
const Policy = z.object({ AdjustmentType: z.literal('ExactCapacity'), StepAdjustments: Steps });

/** Of what a template makes of scaling, resources by their ids. */
const Resources = z.record(z.string(), z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()) }));

/** An alarm whose one action is a policy of the template. */
const Acting = z
  .looseObject({ AlarmActions: z.tuple([z.object({ Ref: z.string() })]) })
  .transform(({ AlarmActions: [{ Ref }], ...others }) => ({ ...others, AlarmActions: [Ref] }));

interface ScalingAlarm {
  readonly alarm: SimulatedMetricAlarm;
  readonly steps: z.infer<typeof Steps>;
  /** In which second of its turn it is evaluated; AWS does not say, so any must do. */
  readonly phase: number;
  actedAt: number;
}

export interface AlarmScaling {
  /** Resources of a template by their ids, as JSON. */
  readonly template: string;
  /** Its id in the template. */
  readonly groupId: string;
  readonly queue: string;
  readonly intervalSeconds: number;
  /** What does not arrive in CloudWatch at a moment. */
  readonly isLost?: (now: number, name: string) => boolean;
}

/** A run takes so long until its points are in CloudWatch. */
const arrivesAfterSeconds = 5;
/** An action is taken again each minute while its alarm is on. */
const repeatsAfterSeconds = 60;

/** A collector that polls in the third second of its interval, and the alarms of the template. */
export function scaleByAlarms(scaling: AlarmScaling): Scaler {
  const { template, groupId, queue, intervalSeconds, isLost = () => false } = scaling;
  const alarms = findAlarms(template, groupId);
  const store = new MetricStore();
  const dimensions = { Org: 'acme', Cluster: 'production', Queue: queue };
  const publish = (now: number, name: string, value: number): void => {
    if (isLost(now, name)) return;
    const point = { atSeconds: now, arrivesAtSeconds: now + arrivesAfterSeconds, value };
    store.add({ namespace: 'Buildkite', name, dimensions }, point);
  };
  return {
    act: (group, now) => {
      if (now % intervalSeconds === 3) {
        publish(now, 'ScheduledJobsCount', group.waiting.length);
        publish(now, 'RunningJobsCount', group.running);
      }
      for (const one of alarms) evaluate(one, store, group, now);
    },
  };
}

function evaluate(one: ScalingAlarm, store: MetricStore, group: SimulatedGroup, now: number): void {
  const { alarm, steps, phase } = one;
  if (now % alarm.evaluatedEverySeconds !== phase) return;
  const before = alarm.state;
  alarm.evaluate({ store, nowSeconds: now, fillsEmpty: true });
  if (alarm.state !== 'ALARM' || alarm.newest === undefined) return;
  if (before === 'ALARM' && now - one.actedAt < repeatsAfterSeconds) return;
  one.actedAt = now;
  const beyond = alarm.newest - alarm.definition.Threshold;
  const step = steps.find(
    ({ MetricIntervalLowerBound: from, MetricIntervalUpperBound: to }) => beyond >= from && beyond < to,
  );
  if (step === undefined) throw new Error(`${alarm.definition.AlarmName} has no step for ${String(alarm.newest)}`);
  group.setDesired(step.ScalingAdjustment);
}

function findAlarms(template: string, groupId: string): readonly ScalingAlarm[] {
  const resources = Resources.parse(JSON.parse(template));
  return Object.entries(resources)
    .filter(([id, { Type }]) => Type === 'AWS::CloudWatch::Alarm' && id.startsWith(groupId))
    .map(([id, { Properties }], index) => {
      const alarm = new SimulatedMetricAlarm(parseMetricAlarm(id, Acting.parse(Properties)));
      const { StepAdjustments: steps } = Policy.parse(resources[alarm.definition.AlarmActions[0] ?? '']?.Properties);
      // The latest there is: a minute after the full one, less a second for each alarm.
      return { alarm, steps, phase: alarm.evaluatedEverySeconds - 1 - index, actedAt: -Infinity };
    });
}

/**
 * The defaults of the vendor's stack for the vendor's scaler: it asks the API every 10 seconds, adds at most every 5
 * minutes and never takes away; agents that were idle for 10 minutes end their instance.
 */
export function scaleByVendorsRules(agents: number): Scaler {
  const pollSeconds = 10;
  const coolDownSeconds = 300;
  let addedAt = -Infinity;
  return {
    act: (group, now) => {
      if (now % pollSeconds !== 0 || now - addedAt < coolDownSeconds) return;
      const needed = Math.ceil((group.waiting.length + group.running) / agents);
      if (needed <= group.desired) return;
      group.setDesired(needed);
      addedAt = now;
    },
  };
}
