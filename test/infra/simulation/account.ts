/** A simulated AWS account in which CloudWatch evaluates alarms once a minute, and records who is told what. */
import type { AlarmState } from './alarm-state.ts';
import { ruleHolds } from './alarm-rule.ts';
import { SimulatedMetricAlarm } from './metric-alarm.ts';
import { MetricStore } from './metric-store.ts';
import type { CompositeAlarm, MetricAlarm, TemplateAlarms } from './template-alarms.ts';

/** An AWS account in which CloudWatch evaluates alarms once a minute, and tells what people would be told. */

export interface Notification {
  readonly alarm: string;
  readonly state: AlarmState;
  readonly minute: number;
  /** Values of the groups, where one series of a query has changed. */
  readonly contributor?: string;
}

/** What CloudWatch tells other services of a change: by the action of the alarm, or by an event that nothing holds back. */
export interface Told {
  readonly by: 'action' | 'event';
  readonly definition: MetricAlarm | CompositeAlarm;
  readonly state: AlarmState;
  readonly nowSeconds: number;
  /** Values of the groups, by the names of the groups. */
  readonly contributor?: Readonly<Record<string, string>>;
  readonly isMuted: boolean;
  readonly isSuppressed: boolean;
}

/** An alarm as CloudWatch describes it at a moment. */
export interface Described {
  readonly definition: MetricAlarm | CompositeAlarm;
  readonly state: AlarmState;
  readonly isSuppressed: boolean;
  /** What is on in it. */
  readonly contributors: readonly Readonly<Record<string, string>>[];
}

export interface AccountOptions {
  /** Whether a rule mutes the alarm in this minute. */
  readonly isMuted?: (alarm: string, minute: number) => boolean;
  readonly onTold?: (told: Told, describe: () => readonly Described[]) => void;
  readonly fillsEmpty?: boolean;
  /** In which second of each minute an alarm is evaluated, by its name; AWS does not say, so any must do. */
  readonly secondOf?: (alarm: string) => number;
}

interface Composite {
  readonly definition: CompositeAlarm;
  state: AlarmState;
  changedAtSeconds: number;
  /** What the actions were last taken for; a suppressed change is still to be told. */
  told: AlarmState;
  suppressedUntilSeconds: number;
}

/** Evaluations follow the full minute, when the points of most runs of it have arrived. */
const usualSecond = 30;
const lastSecond = 59;

export class SimulatedAccount {
  readonly store = new MetricStore();
  /** What the topic was told. */
  readonly notifications: Notification[] = [];
  /** Every change of a contributor, as EventBridge gets it, whatever the alarm's actions are. */
  readonly contributorEvents: Notification[] = [];
  /** Every change of an alarm, as EventBridge gets it, whatever the alarm's actions are. */
  readonly stateEvents: Notification[] = [];
  readonly #alarms: SimulatedMetricAlarm[] = [];
  readonly #composites: Composite[] = [];
  /** Alarms that went off while they were muted: they act at its end, if they are still on. */
  readonly #held = new Set<SimulatedMetricAlarm>();
  readonly #fillsEmpty: boolean;
  readonly #secondOf: (alarm: string) => number;
  readonly #isMuted: NonNullable<AccountOptions['isMuted']>;
  readonly #onTold: AccountOptions['onTold'];

  constructor({
    fillsEmpty = false,
    secondOf = () => usualSecond,
    isMuted = () => false,
    onTold,
  }: AccountOptions = {}) {
    this.#fillsEmpty = fillsEmpty;
    this.#secondOf = secondOf;
    this.#isMuted = isMuted;
    this.#onTold = onTold;
  }

  deploy({ metricAlarms, promqlAlarms, compositeAlarms }: TemplateAlarms): void {
    const [promql] = promqlAlarms;
    if (promql !== undefined)
      throw new Error(`${promql.AlarmName} is in PromQL, which promtool evaluates and not this`);
    this.#alarms.push(...metricAlarms.map((definition) => new SimulatedMetricAlarm(definition)));
    this.#composites.push(
      ...compositeAlarms.map((definition): Composite => {
        const state: AlarmState = 'INSUFFICIENT_DATA';
        return { definition, state, changedAtSeconds: 0, told: state, suppressedUntilSeconds: 0 };
      }),
    );
  }

  state(name: string): AlarmState {
    const metricAlarm = this.#alarms.find(({ definition }) => definition.AlarmName === name);
    const found = metricAlarm ?? this.#composites.find(({ definition }) => definition.AlarmName === name);
    if (found === undefined) throw new Error(`there is no alarm ${name}`);
    return found.state;
  }

  /** The names of the alarms that are on. */
  on(): readonly string[] {
    return [...this.#alarms, ...this.#composites]
      .filter(({ state }) => state === 'ALARM')
      .map(({ definition }) => definition.AlarmName);
  }

  /** Alarms on metrics one after the other, and those on other alarms whenever one of these has changed. */
  evaluate(minute: number): void {
    const secondOf = ({ definition }: SimulatedMetricAlarm): number => this.#secondOf(definition.AlarmName);
    this.#actOnHeld(minute);
    for (const alarm of this.#alarms.toSorted((one, other) => secondOf(one) - secondOf(other))) {
      const nowSeconds = minute * 60 + secondOf(alarm);
      const before = alarm.state;
      this.#evaluateAlarm(alarm, minute, nowSeconds);
      if (alarm.state !== before) this.#evaluateComposites(minute, nowSeconds);
    }
    this.#evaluateComposites(minute, minute * 60 + lastSecond);
  }

  #evaluateComposites(minute: number, nowSeconds: number): void {
    // Composites of composites settle within as many rounds as there are levels.
    for (let round = 0; round < 3; round += 1)
      for (const one of this.#composites) this.#evaluateRule(one, minute, nowSeconds);
    for (const one of this.#composites) this.#tellComposite(one, minute, nowSeconds);
  }

  #evaluateAlarm(alarm: SimulatedMetricAlarm, minute: number, nowSeconds: number): void {
    const before = alarm.state;
    const changed = alarm.evaluate({ store: this.store, nowSeconds, fillsEmpty: this.#fillsEmpty });
    const { AlarmName, AlarmActions, OKActions } = alarm.definition;
    const isMuted = this.#isMuted(AlarmName, minute);
    const unheld = { definition: alarm.definition, nowSeconds, isMuted, isSuppressed: false };
    for (const { attributes, state } of changed) {
      const told = { alarm: AlarmName, state, minute, contributor: attributes };
      this.contributorEvents.push(told);
      const contributor = nameGroups(alarm, attributes);
      this.#tell({ ...unheld, by: 'event', state, contributor });
      if (!hasActions(state, AlarmActions, OKActions) || isMuted) continue;
      this.notifications.push(told);
      this.#tell({ ...unheld, by: 'action', state, contributor });
    }
    if (alarm.state === before) return;
    this.stateEvents.push({ alarm: AlarmName, state: alarm.state, minute });
    this.#tell({ ...unheld, by: 'event', state: alarm.state });
    this.#held.delete(alarm);
    if (!isMuted) this.#act(alarm, minute, nowSeconds);
    else if (alarm.state === 'ALARM') this.#held.add(alarm);
  }

  #act({ definition, state }: SimulatedMetricAlarm, minute: number, nowSeconds: number): void {
    if (!hasActions(state, definition.AlarmActions, definition.OKActions)) return;
    this.notifications.push({ alarm: definition.AlarmName, state, minute });
    this.#tell({ by: 'action', definition, state, nowSeconds, isMuted: false, isSuppressed: false });
  }

  #actOnHeld(minute: number): void {
    for (const alarm of [...this.#held]) {
      if (this.#isMuted(alarm.definition.AlarmName, minute)) continue;
      this.#held.delete(alarm);
      this.#act(alarm, minute, minute * 60);
    }
  }

  #tell(told: Told): void {
    this.#onTold?.(told, () => this.#describe(told.nowSeconds));
  }

  #describe(nowSeconds: number): readonly Described[] {
    return [
      ...this.#alarms.map((alarm) => ({
        definition: alarm.definition,
        state: alarm.state,
        isSuppressed: false,
        contributors: [...alarm.contributors].map((attributes) => nameGroups(alarm, attributes)),
      })),
      ...this.#composites.map((composite) => ({
        definition: composite.definition,
        state: composite.state,
        isSuppressed: this.#isSuppressed(composite, nowSeconds),
        contributors: [],
      })),
    ];
  }

  #evaluateRule(composite: Composite, minute: number, nowSeconds: number): void {
    const state = ruleHolds(composite.definition.AlarmRule, (arn) => this.#stateByArn(arn)) ? 'ALARM' : 'OK';
    if (state === composite.state) return;
    composite.state = state;
    composite.changedAtSeconds = nowSeconds;
    const { definition } = composite;
    this.stateEvents.push({ alarm: definition.AlarmName, state, minute });
    const isMuted = this.#isMuted(definition.AlarmName, minute);
    this.#tell({
      by: 'event',
      definition,
      state,
      nowSeconds,
      isMuted,
      isSuppressed: this.#isSuppressed(composite, nowSeconds),
    });
  }

  #isSuppressed(
    { definition, state, changedAtSeconds, suppressedUntilSeconds }: Composite,
    nowSeconds: number,
  ): boolean {
    const { ActionsSuppressor, ActionsSuppressorWaitPeriod } = definition;
    if (ActionsSuppressor === undefined) return false;
    const isWaiting = state === 'ALARM' && nowSeconds - changedAtSeconds < ActionsSuppressorWaitPeriod;
    return this.#stateByArn(ActionsSuppressor) === 'ALARM' || isWaiting || nowSeconds < suppressedUntilSeconds;
  }

  /** While the suppressor is on, or may still come on, a change waits; afterwards the state of then is told. */
  #tellComposite(composite: Composite, minute: number, nowSeconds: number): void {
    const { definition, state, told } = composite;
    const { ActionsSuppressor, ActionsSuppressorExtensionPeriod, AlarmName, AlarmActions, OKActions } = definition;
    if (ActionsSuppressor !== undefined && this.#stateByArn(ActionsSuppressor) === 'ALARM')
      composite.suppressedUntilSeconds = nowSeconds + ActionsSuppressorExtensionPeriod;
    if (this.#isSuppressed(composite, nowSeconds) || state === told) return;
    if (this.#isMuted(AlarmName, minute)) {
      // An end in quiet hours is not caught up with; what is still on is told at their end.
      if (state !== 'ALARM') composite.told = state;
      return;
    }
    composite.told = state;
    if (!hasActions(state, AlarmActions, OKActions)) return;
    this.notifications.push({ alarm: AlarmName, state, minute });
    this.#tell({ by: 'action', definition, state, nowSeconds, isMuted: false, isSuppressed: false });
  }

  #stateByArn(arn: string): AlarmState {
    const metricAlarm = this.#alarms.find(({ definition }) => definition.arn === arn);
    const found = metricAlarm ?? this.#composites.find(({ definition }) => definition.arn === arn);
    if (found === undefined) throw new Error(`a rule names ${arn}, which is not deployed`);
    return found.state;
  }
}

function hasActions(state: AlarmState, alarmActions: readonly string[], okActions: readonly string[]): boolean {
  if (state === 'ALARM') return alarmActions.length > 0;
  return state === 'OK' && okActions.length > 0;
}

/** The groups of the query with their values. */
function nameGroups({ groups }: SimulatedMetricAlarm, attributes: string): Readonly<Record<string, string>> {
  const values = attributes.split('/');
  return Object.fromEntries(groups.map((group, index) => [group, values[index] ?? '']));
}
