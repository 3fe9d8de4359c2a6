/** What Stryker is told: which code, which tests, how long, how many at once. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Sample } from './choose.ts';

/** Paths of the tests, joined by `:`, for the configuration of vitest in Stryker's copy of the project. */
export const testsVariable = 'MUTATE_TESTS';

/**
 * A mutant may take this much longer than one and a half times its tests alone before it counts as timed out. A loop
 * without an end is found earlier, by counting; this is for a wait without an end, and a busy machine needs the room.
 */
const timeoutMs = 30_000;

/** The tests without any mutant: real servers and property tests take minutes on a busy machine. */
const dryRunMinutes = 30;

export interface MutationRun extends Sample {
  readonly root: string;
  /** For the copy of the project and the report. */
  readonly folder: string;
  /** `lambda/http`, for the type check. */
  readonly place: string;
  /** What Stryker calls a glob of files to mutate. */
  readonly pattern: string;
}

/** Stryker's configuration file, as far as others read it. */
interface StrykerSettings {
  readonly jsonReporter: { readonly fileName: string };
}

export function strykerSettings({ root, folder, place, pattern, count, seed }: MutationRun): StrykerSettings {
  const [topFolder = ''] = place.split('/');
  const settings = {
    mutate: [pattern],
    testRunner: 'vitest',
    vitest: { configFile: 'scripts/mutate/vitest.config.ts' },
    coverageAnalysis: 'perTest',
    checkers: ['sample'],
    plugins: ['@stryker-mutator/vitest-runner', join(root, 'scripts/mutate/sample-checker.ts')],
    sample: { count, seed, root, topFolder },
    // Each runs vitest with one worker; the checker has the place of one of them until it ends.
    concurrency: availableParallelism(),
    timeoutMS: timeoutMs,
    dryRunTimeoutMinutes: dryRunMinutes,
    // Nothing type-checks in the copy, so that its tests can stay as they are.
    disableTypeChecks: false,
    tempDirName: join(folder, 'copy'),
    ignorePatterns: ['.cache', '.venv', '.vitest', 'cdk.out', 'coverage'],
    // Its warning is about all mutants of the code, of which only the sample is run.
    warnings: { slow: false },
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: join(folder, 'report.json') },
    allowConsoleColors: false,
  };
  return settings;
}
