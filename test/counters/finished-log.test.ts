/** Tests of the log lines of finished runs, and of their limit in one tick. */
import { expect, it } from 'vitest';
import { logFinishedRuns, mostLines } from '../../lambda/counters/finished-log.ts';
import { recordingLog } from '../support/recording-log.ts';

const lines = (count: number) => Array.from({ length: count }, (_, number) => ({ pipeline: 'web', number }));

it('logs every finished run of an ordinary tick', () => {
  const log = recordingLog();

  logFinishedRuns('buildkite/main', lines(3), log);

  expect(log.lines.map(({ level, message, fields }) => [level, message, fields['number']])).toEqual([
    ['info', 'finished run', 0],
    ['info', 'finished run', 1],
    ['info', 'finished run', 2],
  ]);
});

it('tells how many were left out of a tick that counted very many', () => {
  const log = recordingLog();

  logFinishedRuns('buildkite/main', lines(mostLines + 5), log);

  expect(log.lines.filter(({ level }) => level === 'info')).toHaveLength(mostLines);
  expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { source: 'buildkite/main', omitted: 5 } });
});
