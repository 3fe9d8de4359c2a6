/** Evaluates the rule of a composite alarm over the states of the alarms that it names. */
import type { AlarmState } from './alarm-state.ts';
import { type Cursor, cursorOver } from './tokens.ts';

/** The rule of a composite alarm: states of other alarms, joined by AND, OR, NOT and parentheses. */

/** Whether the rule holds, given the state of each alarm by its ARN. @throws Error for an alarm that is not there. */
export function ruleHolds(rule: string, states: (arn: string) => AlarmState): boolean {
  const cursor = cursorOver(rule);
  const holds = disjunction(cursor, states);
  if (cursor.peek() !== undefined) throw new Error(`cannot read the end of ${rule}`);
  return holds;
}

type Level = (cursor: Cursor, states: (arn: string) => AlarmState) => boolean;

/** Both sides are always read; a short cut would leave the cursor in the middle. */
const disjunction: Level = (cursor, states) => {
  const terms = [conjunction(cursor, states)];
  while (cursor.take('OR')) terms.push(conjunction(cursor, states));
  return terms.includes(true);
};

function conjunction(cursor: Cursor, states: (arn: string) => AlarmState): boolean {
  const terms = [factor(cursor, states)];
  while (cursor.take('AND')) terms.push(factor(cursor, states));
  return !terms.includes(false);
}

function factor(cursor: Cursor, states: (arn: string) => AlarmState): boolean {
  if (cursor.take('NOT')) return !factor(cursor, states);
  if (cursor.take('(')) {
    const inside = disjunction(cursor, states);
    cursor.expect(')');
    return inside;
  }
  const wanted = cursor.next().text;
  cursor.expect('(');
  const arn = cursor.next().text;
  cursor.expect(')');
  if (wanted !== 'ALARM' && wanted !== 'OK' && wanted !== 'INSUFFICIENT_DATA')
    throw new Error(`no state of an alarm: ${wanted}`);
  return states(arn) === wanted;
}
