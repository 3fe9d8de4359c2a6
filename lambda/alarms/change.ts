/** Reads what CloudWatch says of an alarm that has changed: its call of a function, or its event on the bus. */
import * as z from 'zod';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A change of one alarm, or of one queue or workflow in it. */
export interface AlarmChange {
  /** An action is held back while the alarm is muted or suppressed, and is caught up with afterwards; an event is neither. */
  readonly from: 'action' | 'event';
  /** The whole name. */
  readonly alarm: string;
  readonly state: AlarmState;
  /** Empty where CloudWatch does not say. */
  readonly previousState: string;
  readonly reason: string;
  /** As CloudWatch writes it. */
  readonly changedAt: string;
  /** Values of the groups; absent for an alarm as a whole. */
  readonly contributor?: Contributor;
  readonly isSilenced: boolean;
  readonly kind: 'composite' | 'grouped' | 'single';
  /** Whether another alarm may hold its actions back. */
  readonly hasSuppressor: boolean;
}

/** The groups of a query and their values: `{ Source: …, Scope: …, Queue: … }`. */
export type Contributor = Readonly<Record<string, string>>;

const State = z.object({
  value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
  reason: z.string().default(''),
  timestamp: z.string(),
  actionsSuppressedBy: z.string().optional(),
});

/** CloudWatch user guide, "Alarm events and EventBridge" and "Invoke a Lambda function from an alarm". */
const Detail = z.object({
  alarmName: z.string(),
  alarmContributor: z.object({ attributes: z.record(z.string(), z.string()) }).optional(),
  state: State,
  previousState: z.object({ value: z.string() }).optional(),
  muteDetail: z.unknown().optional(),
  configuration: z
    .object({
      alarmRule: z.string().optional(),
      actionsSuppressor: z.string().optional(),
      metrics: z.array(z.object({ expression: z.string().optional() })).optional(),
    })
    .default({}),
});

const Action = z.object({ alarmData: Detail });
const Event = z.object({ detail: Detail });

/** @throws z.ZodError for what is neither a call of CloudWatch nor an event of it. */
export function parseChange(input: unknown): AlarmChange {
  const action = Action.safeParse(input);
  return action.success
    ? buildChange('action', action.data.alarmData)
    : buildChange('event', Event.parse(input).detail);
}

function buildChange(from: AlarmChange['from'], detail: z.infer<typeof Detail>): AlarmChange {
  const { state, alarmContributor, configuration } = detail;
  return {
    from,
    alarm: detail.alarmName,
    state: state.value,
    previousState: detail.previousState?.value ?? '',
    reason: state.reason,
    changedAt: state.timestamp,
    ...(alarmContributor === undefined ? {} : { contributor: alarmContributor.attributes }),
    isSilenced: detail.muteDetail !== undefined || state.actionsSuppressedBy !== undefined,
    kind: configuration.alarmRule === undefined ? chooseKind(configuration.metrics) : 'composite',
    hasSuppressor: configuration.actionsSuppressor !== undefined,
  };
}

/** An alarm in PromQL tells no metrics, and every one of them may have several series. */
export function chooseKind(
  metrics: readonly { readonly expression?: string | undefined }[] | undefined,
): 'grouped' | 'single' {
  if (metrics === undefined) return 'grouped';
  return metrics.some(({ expression = '' }) => /\bGROUP BY\b/i.test(expression)) ? 'grouped' : 'single';
}
