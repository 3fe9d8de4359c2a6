/** Tests of the simulated alarm states, with the tables of the CloudWatch user guide. */
import { describe, expect, it } from 'vitest';
import { type AlarmState, type MissingData, stateOf } from './alarm-state.ts';

const treatments: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

/** `0 - X`: within the threshold, missing, beyond it; the newest at the right, as in the guide. */
function judged(text: string, datapointsToAlarm: number, before: AlarmState): readonly AlarmState[] {
  const points = text.split(' ').map((sign) => ({ '0': 0, X: 1 })[sign]);
  return treatments.map((missingData) =>
    stateOf(points, { evaluationPeriods: 3, datapointsToAlarm, missingData, breaches: (value) => value > 0 }, before),
  );
}

/** INSUFFICIENT_DATA stands for a state that is kept: no real point decides it. */
const kept = 'INSUFFICIENT_DATA';

describe('the tables of the CloudWatch user guide', () => {
  it.each([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', kept, 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', kept, 'ALARM', 'OK']],
  ])('three of three: %s', (text, expected) => {
    expect(judged(text, 3, kept)).toEqual(expected);
  });

  it.each([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', ['ALARM', kept, 'ALARM', 'OK']],
  ])('two of three: %s', (text, expected) => {
    expect(judged(text, 2, kept)).toEqual(expected);
  });

  it('keeps the state with "ignore", and does not alarm before there are enough points with "missing"', () => {
    expect(judged('- - - - -', 3, 'ALARM')[1]).toBe('ALARM');
    expect(judged('- - X - -', 3, 'OK')[1]).toBe('OK');
    expect(judged('- - - - X', 3, 'OK')[0]).toBe('OK');
  });
});
