/** Decides what a change of an alarm is told as: once for each queue, and nothing while it is muted or suppressed. */
import type { AlarmReader, StandingAlarm } from './alarm-reader.ts';
import type { AlarmChange, AlarmState, Contributor } from './change.ts';

/** One thing to tell. */
export interface Telling {
  /** The whole name of the alarm. */
  readonly alarm: string;
  /** What an incident on it is kept under: the composite alarm that it belongs to, or itself. */
  readonly group: string;
  readonly state: AlarmState;
  readonly previousState: string;
  readonly reason: string;
  readonly changedAt: string;
  readonly contributor?: Contributor;
  /** What a composite alarm says of itself is only which part changed; this is what that part says. */
  readonly cause?: Pick<StandingAlarm, 'name' | 'reason'>;
  /** Only for what closes an incident by itself: nobody was told that it is on, or nobody is to be woken. */
  readonly isQuiet: boolean;
  /** Whether each queue in it is told besides. */
  readonly isNamedInParts: boolean;
}

export async function decideTellings(change: AlarmChange, reader: AlarmReader): Promise<readonly Telling[]> {
  const { from, contributor, state } = change;
  if (contributor !== undefined) {
    // The same change comes by the bus, which every alarm tells.
    if (from === 'action') return [];
    return await decideContributor({ ...change, contributor }, reader);
  }
  if (from === 'action') return state === 'ALARM' ? await decideOn(change, reader) : [tellWhole(change)];
  return decideByBus(change);
}

/** An end is told by the action; the bus tells the one that is held back, which may close what was opened before. */
function decideByBus(change: AlarmChange): readonly Telling[] {
  const { state, isSilenced } = change;
  if (state === 'OK') return isSilenced ? [{ ...tellWhole(change), isQuiet: true }] : [];
  // No alarm has an action on it.
  return state === 'INSUFFICIENT_DATA' && !isSilenced ? [tellWhole(change)] : [];
}

async function decideContributor(
  change: AlarmChange & { readonly contributor: Contributor },
  reader: AlarmReader,
): Promise<readonly Telling[]> {
  const parents = await reader.readParents(change.alarm);
  const telling = { ...tellWhole(change), contributor: change.contributor, group: nameGroup(change.alarm, parents) };
  if (change.state === 'ALARM') return change.isSilenced || isHeld(parents) ? [] : [telling];
  if (await isOnElsewhere(change, parents, reader)) return [];
  return [{ ...telling, isQuiet: change.isSilenced || parents.some(({ isSuppressed }) => isSuppressed) }];
}

/** While a suppressor is on, or may still come on; what is on when that ends is told by the action of the whole. */
function isHeld(parents: readonly StandingAlarm[]): boolean {
  return parents.some(({ hasSuppressor, isSuppressed, state }) => hasSuppressor && (isSuppressed || state !== 'ALARM'));
}

function nameGroup(alarm: string, [parent]: readonly StandingAlarm[]): string {
  return parent?.name ?? alarm;
}

/** Whether the same queue is on in another part of the same whole: then it is not over. */
async function isOnElsewhere(
  { alarm, contributor }: { readonly alarm: string; readonly contributor: Contributor },
  parents: readonly StandingAlarm[],
  reader: AlarmReader,
): Promise<boolean> {
  for (const parent of parents) {
    const parts = await reader.readParts(parent.name);
    for (const part of parts.filter(({ name, state }) => name !== alarm && state === 'ALARM')) {
      const on = part.kind === 'grouped' ? await reader.readContributors(part.name) : [];
      if (on.some(({ attributes }) => isSame(attributes, contributor))) return true;
    }
  }
  return false;
}

function isSame(one: Contributor, other: Contributor): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/** An alarm that goes off, or is still on when nothing holds it back any more: itself, and each queue in it. */
async function decideOn(change: AlarmChange, reader: AlarmReader): Promise<readonly Telling[]> {
  if (change.kind === 'composite') return await decideComposite(change, reader);
  const parents = await reader.readParents(change.alarm);
  if (isHeld(parents)) return [];
  const each = change.kind === 'grouped' ? await tellEach(change.alarm, nameGroup(change.alarm, parents), reader) : [];
  return [{ ...tellWhole(change), isNamedInParts: each.length > 0 }, ...each];
}

async function decideComposite(change: AlarmChange, reader: AlarmReader): Promise<readonly Telling[]> {
  const parts = (await reader.readParts(change.alarm)).filter(({ state }) => state === 'ALARM');
  const told = await Promise.all(parts.map(async (part) => await tellPart(part, change, reader)));
  const [cause] = parts;
  const isNamedInParts = told.flat().some(({ contributor }) => contributor !== undefined);
  return [{ ...tellWhole(change), isNamedInParts, ...(cause === undefined ? {} : { cause }) }, ...told.flat()];
}

/** A part that was held back as long as the whole is told with it; any other has told of itself. */
async function tellPart(part: StandingAlarm, whole: AlarmChange, reader: AlarmReader): Promise<readonly Telling[]> {
  const each = part.kind === 'grouped' ? await tellEach(part.name, whole.alarm, reader) : [];
  if (!whole.hasSuppressor) return each;
  const telling = tellWhole({ ...part, alarm: part.name, previousState: '' });
  return [{ ...telling, isNamedInParts: each.length > 0 }, ...each];
}

async function tellEach(alarm: string, group: string, reader: AlarmReader): Promise<readonly Telling[]> {
  const contributors = await reader.readContributors(alarm);
  return contributors.map(({ attributes, reason, changedAt }) => ({
    ...tellWhole({ alarm, state: 'ALARM', previousState: '', reason, changedAt }),
    contributor: attributes,
    group,
  }));
}

function tellWhole({
  alarm,
  state,
  previousState,
  reason,
  changedAt,
}: Pick<AlarmChange, 'alarm' | 'state' | 'previousState' | 'reason' | 'changedAt'>): Telling {
  return { alarm, group: alarm, state, previousState, reason, changedAt, isQuiet: false, isNamedInParts: false };
}
