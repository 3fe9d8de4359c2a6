/**
 * How CloudWatch decides the state of a metric alarm: M out of N data points, over an evaluation range that is longer
 * than N, with the four treatments of missing data (CloudWatch user guide, "Configuring how CloudWatch alarms treat
 * missing data", with its tables).
 */

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export interface Judgement {
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
  readonly breaches: (value: number) => boolean;
}

/** The tables of the guide look at five points for three evaluation periods; what AWS adds is not fixed in public. */
const moreThanEvaluated = 2;

export function evaluationRange(evaluationPeriods: number): number {
  return evaluationPeriods + moreThanEvaluated;
}

/** The points of the evaluation range, the oldest first; undefined where there is none. */
export function stateOf(points: readonly (number | undefined)[], judgement: Judgement, before: AlarmState): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, breaches } = judgement;
  const real = points.filter((value) => value !== undefined);
  if (real.length >= evaluationPeriods) {
    const judged = real.slice(-evaluationPeriods).filter(breaches).length;
    return judged >= datapointsToAlarm ? 'ALARM' : 'OK';
  }
  return stateWithGaps(points, real, judgement, before);
}

/** Fewer points than are evaluated: all of them count, and the rest is what the treatment says. */
function stateWithGaps(
  points: readonly (number | undefined)[],
  real: readonly number[],
  { evaluationPeriods, datapointsToAlarm, missingData, breaches }: Judgement,
  before: AlarmState,
): AlarmState {
  const bad = real.filter(breaches).length;
  const filled = missingData === 'breaching' ? bad + evaluationPeriods - real.length : bad;
  if (filled >= datapointsToAlarm) return 'ALARM';
  if (missingData === 'breaching' || missingData === 'notBreaching' || bad < real.length) return 'OK';
  if (missingData === 'ignore') return before;
  if (real.length === 0) return 'INSUFFICIENT_DATA';
  // Nothing but breaching points, the oldest of them old enough: the guide's protection against waiting for ever.
  const oldest = points.length - points.findIndex((value) => value !== undefined);
  return oldest >= datapointsToAlarm ? 'ALARM' : before;
}
