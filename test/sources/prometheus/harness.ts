/** A whole collector with one source `prometheus`, as the wiring builds it. */
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { RelayedFamily } from '../../../lambda/model/relayed.ts';
import { collect, run, type Collected } from '../../../lambda/run.ts';
import type { RunReport } from '../../../lambda/report/report.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { buildPipeline } from '../../../lambda/wiring.ts';
import { type RecordingLog, recordingLog } from '../../support/recording-log.ts';

export interface TestPipeline extends AsyncDisposable {
  /** Each one minute after the one before, as a run is. */
  collect(): Promise<Collected>;

  run(): Promise<RunReport>;
  readonly printed: readonly string[];
  readonly log: RecordingLog;
}

interface Options {
  readonly state?: StateStore;
  readonly firstTickMs?: number;
  /** Where `env` secrets are read from; read anew for each use. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A whole collector with one Prometheus source, as the wiring builds it; what it remembers is in `state`. */
export async function prometheusPipeline(
  source: Readonly<Record<string, unknown>>,
  sinks: readonly object[] = [{ kind: 'stdout' }],
  { state = createMemoryStateStore(), firstTickMs = Date.now(), variables = { PASSWORD: 'open-sesame' } }: Options = {},
): Promise<TestPipeline> {
  const printed: string[] = [];
  const log = recordingLog();
  let tickMs = firstTickMs;
  const config = { sources: [{ kind: 'prometheus', name: 'relay', ...source }], sinks };
  const built = await buildPipeline(CollectorConfig.parse(config), {
    variables,
    runtime: 'terminal',
    clock: Date.now,
    random: () => 0,
    redactor: createRedactor(),
    log,
    stateStore: () => Promise.resolve(state),
    print: (text) => {
      printed.push(text);
    },
  });
  return {
    collect: async () => {
      using deadline = createDeadline(60_000, Date.now);
      tickMs += 60_000;
      return await collect(built.pipeline, { deadline, tickMs });
    },
    run: async () => {
      using deadline = createDeadline(60_000, Date.now);
      tickMs += 60_000;
      return await run(built.pipeline, { deadline, tickMs });
    },
    printed,
    log,
    [Symbol.asyncDispose]: () => built.close(),
  };
}

/** Series as the text format writes them, with their values; the reading's own are left out. */
export function seriesOf(
  families: readonly RelayedFamily[],
  about: RelayedFamily['about'] = 'target',
): readonly string[] {
  return families
    .filter((family) => family.about === about)
    .flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
        return `${name}{${pairs.join(',')}} ${String(value)}`;
      }),
    );
}

export function relayedOf({ batch }: Collected): readonly RelayedFamily[] {
  return batch.sources.flatMap(({ relayed = [] }) => relayed);
}
