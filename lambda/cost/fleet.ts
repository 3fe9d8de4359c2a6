/** How large the CI systems are that a price is told for: nothing in a configuration says it. */
import type { Fleet as FleetSettings } from '../config/deployment.ts';

/** A queue or a pipeline where it stands: a cluster, a namespace, a project. */
export interface Placed {
  readonly scope: string;
  readonly name: string;
}

/** What one source finds. */
export interface Fleet {
  readonly queues: readonly Placed[];
  readonly pipelines: readonly Placed[];
  /** How runs and jobs end within an hour. CloudWatch charges for a metric in the hours in which it is sent. */
  readonly results: { readonly runs: readonly string[]; readonly jobs: readonly string[] };
  /** Of all pipelines together; what has just ended is remembered. */
  readonly finishesAnHour: number;
  /** How many values each label has that only an operator or a scraped page knows. */
  readonly labelValues: number;
}

/** Other results are sent as well, in the few hours in which something ends so. */
const usualResults = ['success', 'failure'] as const;

/** The fleet of the setting `deployment.fleet`, with names as long as people's. */
export function assumedFleet({ scopes, queues, pipelines, runsAnHour, jobsOfARun, labelValues }: FleetSettings): Fleet {
  return {
    queues: placed('queue', queues, scopes),
    pipelines: placed('pipeline', pipelines, scopes),
    results: { runs: usualResults, jobs: usualResults },
    finishesAnHour: pipelines * runsAnHour * (1 + jobsOfARun),
    labelValues,
  };
}

function placed(noun: string, count: number, scopes: number): readonly Placed[] {
  return Array.from({ length: count }, (_, index) => ({
    scope: `cluster-${String((index % scopes) + 1)}`,
    name: `${noun}-${String(index + 1)}`,
  }));
}
