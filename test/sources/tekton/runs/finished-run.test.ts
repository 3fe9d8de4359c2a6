/** Tests of what a run that has ended tells by its whole object. */
import { describe, expect, it } from 'vitest';
import { RunObject } from '../../../../lambda/sources/tekton/cluster/schema.ts';
import { interpretObject } from '../../../../lambda/sources/tekton/runs/finished-run.ts';
import { taskRun } from '../harness.ts';

function parseTaskRun(options: Parameters<typeof taskRun>[1]): RunObject {
  return RunObject.parse(
    taskRun('build-1', { started: -50, completed: -10, condition: ['True', 'Succeeded'], ...options }),
  );
}

describe('a run by its object', () => {
  it('is not another one that took its name between the list and the reading', () => {
    const object = parseTaskRun({ uid: 'new' });

    expect(interpretObject('taskruns', object, 'new')).toMatchObject({ uid: 'new', result: 'success' });
    expect(interpretObject('taskruns', object, 'old')).toBeUndefined();
  });

  it('without steps has no first step, rather than one at the end of time', () => {
    const run = interpretObject('taskruns', parseTaskRun({ uid: 'a', status: { steps: [] } }), 'a');

    expect(run).toMatchObject({ result: 'success', failedSteps: [] });
    expect(run).not.toHaveProperty('firstStepMs');
  });
});
