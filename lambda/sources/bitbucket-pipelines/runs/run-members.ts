/** The members of a run's record that are asked for. */

/** What is asked of a run: a whole one carries people, variables and scripts. */
export const runMembers = [
  'uuid',
  'build_number',
  'run_number',
  'created_on',
  'completed_on',
  'duration_in_seconds',
  'build_seconds_used',
  'state.name',
  'state.type',
  'state.stage.name',
  'state.stage.type',
  'state.result.name',
  'state.result.type',
  'target.type',
  'target.ref_type',
  'target.ref_name',
  'target.commit.hash',
  'target.selector.type',
  'target.selector.pattern',
  'trigger.name',
  'trigger.type',
] as const;

/** Of a run that is asked for by itself. */
export const runFields = runMembers.join(',');
