/** Turns the options of `doctor` into checked settings. */
import { dirname, join } from 'node:path';
import { minuteMs } from '../../model/time.ts';
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';

export interface DoctorSettings {
  readonly configPath: string;
  readonly format: 'table' | 'json';
  readonly writes: 'harmless' | 'none';
  readonly timeoutMs: number;
  /** Where `collect` keeps counters between runs. */
  readonly stateFolder: string;
  readonly isVerbose: boolean;
  readonly hasColoursRefused: boolean;
}

/** Twice that of a run: everything is asked once more than in one. */
const defaultTimeoutMs = minuteMs;

/** @throws UsageError for a missing configuration. */
export function parseDoctorSettings(args: Arguments): DoctorSettings {
  const configPath = args.text('config');
  if (configPath === undefined)
    throw new UsageError('--config FILE is missing: it names the collector.yaml to look at');
  return {
    configPath,
    format: args.has('json') ? 'json' : 'table',
    writes: args.has('no-write') ? 'none' : 'harmless',
    timeoutMs: args.duration('timeout') ?? defaultTimeoutMs,
    stateFolder: args.text('state') ?? join(dirname(configPath), '.ci-metrics-state'),
    isVerbose: args.has('verbose'),
    hasColoursRefused: args.has('no-color'),
  };
}
