/** Examines the configuration of the deployed function from inside its network, for the event `{ "doctor": true }`. */
import type { RuntimeConfig } from '../config/runtime-config.ts';
import { createDeadline } from '../runtime/deadline.ts';
import { buildPipeline, type Environment } from '../wiring.ts';
import { examine } from './examine.ts';
import { formatFindings } from './format-findings.ts';

/** Kept for the answer; it takes milliseconds. */
const answerReserveMs = 2000;

export interface FunctionExamination {
  readonly config: RuntimeConfig;
  readonly environment: Environment;
  readonly nodeVersion: string;
  /** Time until the function is killed. Milliseconds. */
  readonly remainingMs: number;
}

/** The same object as `doctor --json` prints, without the price, which needs what only the stack knows. */
export async function examineInFunction({
  config,
  environment,
  nodeVersion,
  remainingMs,
}: FunctionExamination): Promise<Readonly<Record<string, unknown>>> {
  // A pipeline of its own, without the queues of events: what an examination takes out of one, a run would miss.
  const variables = { ...environment.variables, COLLECTOR_EVENT_QUEUES: undefined };
  const built = await buildPipeline(config, { ...environment, variables });
  try {
    using deadline = createDeadline(remainingMs - answerReserveMs, environment.clock);
    const { findings } = await examine(built, { deadline, nodeVersion, writes: 'harmless' });
    return formatFindings(findings);
  } finally {
    await built.close();
  }
}
