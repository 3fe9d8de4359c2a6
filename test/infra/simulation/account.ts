/** A simulated AWS account in which CloudWatch evaluates alarms once a minute, and records who is told what. */
import type { AlarmState } from './alarm-state.ts';
import { ruleHolds } from './alarm-rule.ts';
import { SimulatedMetricAlarm } from './metric-alarm.ts';
import { MetricStore } from './metric-store.ts';
import type { CompositeAlarm, TemplateAlarms } from './template-alarms.ts';

/** An AWS account in which CloudWatch evaluates alarms once a minute, and tells what people would be told. */

export interface Notification {
  readonly alarm: string;
  readonly state: AlarmState;
  readonly minute: number;
  /** Values of the groups, where one series of a query has changed. */
  readonly contributor?: string;
}

export interface AccountOptions {
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
  readonly #fillsEmpty: boolean;
  readonly #secondOf: (alarm: string) => number;

  constructor({ fillsEmpty = false, secondOf = () => usualSecond }: AccountOptions = {}) {
    this.#fillsEmpty = fillsEmpty;
    this.#secondOf = secondOf;
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
    for (const { attributes, state } of changed) {
      const told = { alarm: AlarmName, state, minute, contributor: attributes };
      this.contributorEvents.push(told);
      if (hasActions(state, AlarmActions, OKActions)) this.notifications.push(told);
    }
    if (alarm.state === before) return;
    const told = { alarm: AlarmName, state: alarm.state, minute };
    this.stateEvents.push(told);
    if (hasActions(alarm.state, AlarmActions, OKActions)) this.notifications.push(told);
  }

  #evaluateRule(composite: Composite, minute: number, nowSeconds: number): void {
    const state = ruleHolds(composite.definition.AlarmRule, (arn) => this.#stateByArn(arn)) ? 'ALARM' : 'OK';
    if (state === composite.state) return;
    composite.state = state;
    composite.changedAtSeconds = nowSeconds;
    this.stateEvents.push({ alarm: composite.definition.AlarmName, state, minute });
  }

  /** While the suppressor is on, or may still come on, a change waits; afterwards the state of then is told. */
  #tellComposite(composite: Composite, minute: number, nowSeconds: number): void {
    const { definition, state, told, changedAtSeconds, suppressedUntilSeconds } = composite;
    const { ActionsSuppressor, ActionsSuppressorWaitPeriod, ActionsSuppressorExtensionPeriod } = definition;
    if (ActionsSuppressor !== undefined) {
      if (this.#stateByArn(ActionsSuppressor) === 'ALARM') {
        composite.suppressedUntilSeconds = nowSeconds + ActionsSuppressorExtensionPeriod;
        return;
      }
      const isWaiting = state === 'ALARM' && nowSeconds - changedAtSeconds < ActionsSuppressorWaitPeriod;
      if (isWaiting || nowSeconds < suppressedUntilSeconds) return;
    }
    if (state === told) return;
    composite.told = state;
    if (hasActions(state, definition.AlarmActions, definition.OKActions))
      this.notifications.push({ alarm: definition.AlarmName, state, minute });
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
