/** What a file sink is made with, and a run of one sample. */
import type { Batch } from '../../../lambda/model/batch.ts';
import type { SinkPorts } from '../../../lambda/sinks/sink.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { batchOf, gaugeOf } from '../remote-write/batches.ts';

const unused = (): never => {
  throw new Error('not part of this test');
};

export const ports: SinkPorts = {
  http: { send: unused, withoutSecrets: unused, takeMeter: unused, readClocks: unused },
  secrets: { read: unused, reread: unused },
  clock: unused,
  log: recordingLog(),
  collector: 'ci',
  intervalMs: 60_000,
  print: unused,
  aws: { region: undefined, credentials: unused },
};

export const jobs = (value: number): Batch => batchOf([gaugeOf('ci_jobs', [{ labels: { queue: 'ä' }, value }])]);
