/** Builds the message about an alarm that every receiver's own form is made of. */
import { createHash } from 'node:crypto';
import { flattenText, maskUnseen } from '../model/text/outside-text.ts';
import { shortenText } from '../model/text/wording.ts';
import type { AlarmState, Contributor } from './change.ts';
import type { Telling } from './decide.ts';
import { describeFigure } from './figure.ts';
import { buildLinks, type Link, type Places } from './links.ts';
import { describeSubject, findSubject, type Subject } from './subject.ts';

/** Who sends, as far as the function knows. */
export interface Sender extends Places {
  readonly collector: string;
  readonly account: string;
}

/** Flat, because an input transformer of EventBridge has no conditions: every member is always there. */
export interface AlarmMessage {
  readonly collector: string;
  /** `alarm/<name>` for an alarm as a whole, `each/<name>` for one queue in it: what rules choose by. */
  readonly about: string;
  readonly state: AlarmState;
  readonly isQuiet: boolean;
  /** Whether each queue in the alarm is told besides. */
  readonly isNamedInParts: boolean;
  /** The whole name of the alarm. */
  readonly alarm: string;
  readonly previousState: string;
  readonly reason: string;
  /** As CloudWatch writes it. */
  readonly changedAt: string;
  /** ISO 8601 with a `Z`. */
  readonly since: string;
  readonly region: string;
  readonly account: string;
  readonly contributor: Contributor;
  /** The same for everything that one incident is about. */
  readonly key: string;
  /** The same, of characters that need no escaping in a URL. */
  readonly alias: string;
  /** One line. */
  readonly title: string;
  /** Lines in Markdown, with the links. */
  readonly text: string;
  readonly subject: Subject;
  /** The alarm's page in the console. */
  readonly page: string;
  readonly links: readonly Link[];
  /** For fields of incidents: everything as text. */
  readonly facts: Readonly<Record<string, string>>;
}

/** OpsGenie and Jira Service Management, "Create alert": characters of `message`. PagerDuty takes 1,024 of a summary. */
const mostTitle = 130;

/** PagerDuty Events API v2: characters of `dedup_key`. */
const mostKey = 255;

const words = { ALARM: 'ALARM', OK: 'OK', INSUFFICIENT_DATA: 'NO DATA' } as const;

export function buildMessage(telling: Telling, sender: Sender): AlarmMessage {
  const { alarm, state, contributor, reason, changedAt } = telling;
  const name = alarm.slice(sender.collector.length + 1);
  const subject = findSubject(name, contributor);
  const what = describeWhat(telling, sender);
  const links = buildLinks(sender, alarm, subject.alarmKind, subject.source);
  const since = formatInstant(changedAt);
  const key = formatKey(telling, sender.region);
  const about = describeSubject(subject);
  return {
    collector: sender.collector,
    about: `${contributor === undefined ? 'alarm' : 'each'}/${name}`,
    state,
    isQuiet: telling.isQuiet,
    isNamedInParts: telling.isNamedInParts,
    alarm,
    previousState: telling.previousState,
    reason,
    changedAt,
    since,
    region: sender.region,
    account: sender.account,
    contributor: contributor ?? {},
    key,
    alias: `ci-metrics-${hashText(key)}`,
    title: shortenText(flattenText(formatTitle(state, about, what, subject.alarmKind)), mostTitle - 1),
    text: maskLines([
      `${capitalize(about)}: ${what === '' ? words[state] : what}.`,
      `Since ${since}.`,
      reason,
      formatLinks(links),
    ]),
    subject,
    page: links.find(({ text }) => text === 'Alarm')?.href ?? '',
    links,
    facts: {
      alarm: name,
      about,
      since,
      reason,
      ...(what === '' ? {} : { figure: what }),
      ...Object.fromEntries(links.map(({ text, href }) => [text, href])),
    },
  };
}

/** How many jobs wait, where the reason says; of a composite alarm, what the part says that is on. */
function describeWhat({ alarm, cause, reason, state }: Telling, { collector }: Sender): string {
  if (state !== 'ALARM') return '';
  const { name, reason: figures } = cause ?? { name: alarm, reason };
  return describeFigure(findSubject(name.slice(collector.length + 1)).alarmKind, figures);
}

function formatTitle(state: AlarmState, about: string, what: string, alarmKind: string): string {
  if (what !== '') return `${words[state]}: ${about}: ${what}`;
  // What is about no queue is called by the alarm already.
  return about.startsWith(alarmKind) ? `${words[state]}: ${about}` : `${words[state]}: ${about}, ${alarmKind}`;
}

/** One a queue: both parts of a composite alarm that find it have one key. */
function formatKey({ group, contributor = {} }: Telling, region: string): string {
  const groups = Object.entries(contributor).sort(([one], [other]) => (one < other ? -1 : 1));
  const key = [region, group, ...groups.map(([, value]) => value)].join('/');
  return key.length <= mostKey ? key : `${key.slice(0, mostKey - 17)}~${hashText(key).slice(0, 16)}`;
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** CloudWatch writes `+0000`, which not every receiver reads. */
function formatInstant(changedAt: string): string {
  const time = Date.parse(changedAt);
  return Number.isNaN(time) ? changedAt : new Date(time).toISOString();
}

function formatLinks(links: readonly Link[]): string {
  return links.map(({ text, href }) => `[${text}](${href})`).join(' | ');
}

function maskLines(lines: readonly string[]): string {
  return lines
    .filter((line) => line !== '')
    .map(maskUnseen)
    .join('\n');
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
