/** Finds what an alarm is about: the queue or workflow that its name or its series names. */
import type { Contributor } from './change.ts';

/** What is wrong where: the words of a person for the parts of a name. */
export interface Subject {
  /** The first part of the alarm's name: `queue-starved`. */
  readonly alarmKind: string;
  readonly source: string;
  readonly scope: string;
  /** Empty for an alarm that is about no queue, or about all of them. */
  readonly queue: string;
  /** Empty for an alarm that is about no workflow. */
  readonly workflow: string;
}

/** Kinds whose names end in source, scope and queue. */
const ofOneQueue: ReadonlySet<string> = new Set(['queue-stuck', 'queue-starved', 'queue-waits']);

/**
 * @param name The last part of the alarm's name, such as `queue-starved/main/production/default`.
 * @param contributor The groups of one series in it.
 */
export function findSubject(name: string, contributor: Contributor = {}): Subject {
  const named = readName(name);
  const { source, scope, org, queue, workflow } = readGroups(contributor);
  return {
    alarmKind: named.alarmKind,
    source: source ?? named.source,
    scope: scope ?? org ?? named.scope,
    queue: queue ?? named.queue,
    workflow: workflow ?? '',
  };
}

/** Where a name is put together, slashes and percent signs of its scope are escaped, and those of its queue are not. */
function readName(name: string): Omit<Subject, 'workflow'> {
  const [alarmKind = '', source = '', scope = '', ...queue] = name.split('/');
  return ofOneQueue.has(alarmKind)
    ? { alarmKind, source, scope: decodeText(scope), queue: queue.join('/') }
    : { alarmKind, source, scope: '', queue: '' };
}

/** Groups are `Queue` in the metrics of CloudWatch and `queue` in those by OTLP; what is not ASCII is percent-encoded. */
function readGroups(contributor: Contributor): Readonly<Record<string, string | undefined>> {
  const named = Object.entries(contributor).map(([name, value]) => [name.toLowerCase(), decodeText(value)] as const);
  return Object.fromEntries(named);
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A name with a percent sign of its own stands as it is.
    return text;
  }
}

/** `queue "default" of production (source main)`, or the alarm's own name. */
export function describeSubject({ alarmKind, source, scope, queue, workflow }: Subject): string {
  const place = [scope === '' ? '' : ` of ${scope}`, source === '' ? '' : ` (source ${source})`].join('');
  if (queue !== '') return `queue "${queue}"${place}`;
  if (workflow !== '') return `workflow "${workflow}"${place}`;
  return source === '' ? alarmKind : `${alarmKind} of ${source}`;
}
