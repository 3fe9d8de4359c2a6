/** Finds who is told of alarms, and of which ones each. */
import { ConfigError } from '../../../lambda/config/config-error.ts';
import type { Alarms } from '../../../lambda/config/deployment.ts';
import type { Receiver } from '../../../lambda/config/notify.ts';
import { matchSelection, type Selection } from '../../../lambda/settings/glob.ts';
import type { MadeAlarm } from '../made-alarm.ts';

/** A receiver and where in the configuration it stands. */
export interface PlacedReceiver {
  readonly path: string;
  /** Unique among all. */
  readonly name: string;
  readonly receiver: Receiver;
}

/** Those of `notify`, and the one of the older setting `webhook`. */
export function listReceivers({ notify, webhook }: Alarms): readonly PlacedReceiver[] {
  const listed = notify.map((receiver, index) => ({
    path: `alarms.notify.${String(index)}`,
    name: receiver.name ?? receiver.kind,
    receiver,
  }));
  if (webhook === undefined) return listed;
  const receiver = { kind: 'webhook', severity: 'error', ...webhook } as const;
  return [{ path: 'alarms.webhook', name: 'webhook', receiver }, ...listed];
}

export interface ChosenAlarms {
  /** Told when they change as a whole. */
  readonly whole: readonly MadeAlarm[];
  /** Told when one queue or workflow in them changes. */
  readonly inParts: readonly MadeAlarm[];
}

/**
 * The alarms that tell the topic, so that one cause is one message; or those that `include` names, parts of composite
 * alarms as well. Each queue is told besides.
 * @throws ConfigError when no alarm is chosen.
 */
export function chooseAlarms(alarms: readonly MadeAlarm[], selection: Selection = {}, path: string): ChosenAlarms {
  const isChosen = matchSelection(selection);
  const chosen = alarms.filter(({ name }) => isChosen(name));
  const whole = chosen.filter(({ isTold }) => isTold || selection.include !== undefined);
  const inParts = chosen.filter(({ hasContributors }) => hasContributors);
  if (whole.length + inParts.length > 0) return { whole, inParts };
  const message = `chooses no alarm of this stack; there are: ${alarms.map(({ name }) => name).join(', ')}`;
  throw new ConfigError('the configuration', [{ path: `${path}.alarms`, message }]);
}

/** What a rule chooses messages by, as `lambda/alarms/message.ts` writes it. */
export function listTopics({ whole, inParts }: ChosenAlarms): readonly string[] {
  return [...whole.map(({ name }) => `alarm/${name}`), ...inParts.map(({ name }) => `each/${name}`)];
}
