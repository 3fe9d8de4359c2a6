/** The real pipeline of a configuration for the contract tests, with canaries as secrets and a recorded log. */
import { CollectorConfig } from '../../lambda/config/schema.ts';
import { createMemoryStateStore } from '../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../lambda/counters/stores/store.ts';
import { collect, run, type Collected } from '../../lambda/run.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import type { Clock } from '../../lambda/runtime/clock.ts';
import { createDeadline } from '../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline, type BuiltPipeline } from '../../lambda/wiring.ts';
import { canaries } from '../support/canary.ts';
import { type LoggedLine, recordingLog } from '../support/recording-log.ts';

/** The real pipeline of a configuration, with canaries for secrets and everything that it says recorded. */
export interface ContractPipeline extends AsyncDisposable {
  readonly built: BuiltPipeline;
  /** Log lines and standard output so far. */
  readonly said: () => { readonly lines: readonly LoggedLine[]; readonly printed: readonly string[] };
  /** The log lines as a log writes them. */
  readonly written: () => readonly unknown[];
  /** Documents of the state as they were saved, all of them. */
  readonly kept: () => readonly string[];
  /** The deadline passes after the budget, or when the signal aborts. */
  collect(budgetMs: number, signal?: AbortSignal): Promise<Collected>;
  /** `scheduledMs` of a run that a schedule has started. */
  run(budgetMs: number, before?: RunReport, scheduledMs?: number): Promise<RunReport>;
}

export async function contractPipeline(
  config: object,
  {
    token = canaries.token,
    variables = {},
    clock = Date.now,
    everyMs,
  }: {
    readonly token?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
    readonly everyMs?: number;
  } = {},
): Promise<ContractPipeline> {
  const log = recordingLog();
  const printed: string[] = [];
  const redactor = createRedactor();
  const kept: string[] = [];
  const state = recordingStore(kept);
  const built = await buildPipeline(CollectorConfig.parse(config), {
    variables: { CANARY_TOKEN: token, ...variables },
    runtime: 'terminal',
    everyMs,
    clock,
    random: Math.random,
    redactor,
    log,
    stateStore: () => Promise.resolve(state),
    print: (text) => {
      printed.push(text);
    },
  });
  return {
    built,
    said: () => ({ lines: log.lines, printed }),
    written: () => log.lines.map((line) => redactor.own.redactValue(line)),
    kept: () => kept,
    collect: async (budgetMs, signal) => {
      using deadline = createDeadline(budgetMs, Date.now, signal);
      return await collect(built.pipeline, { deadline, tickMs: clock() });
    },
    run: async (budgetMs, before, scheduledMs) => {
      using deadline = createDeadline(budgetMs, Date.now);
      const scheduled = scheduledMs === undefined ? {} : { scheduledMs };
      return await run(built.pipeline, { deadline, tickMs: clock(), before, ...scheduled });
    },
    [Symbol.asyncDispose]: () => built.close(),
  };
}

function recordingStore(kept: string[]): StateStore {
  const store = createMemoryStateStore();
  return {
    load: (id, signal) => store.load(id, signal),
    save: (id, document, signal) => {
      kept.push(id, document.body);
      return store.save(id, document, signal);
    },
  };
}
