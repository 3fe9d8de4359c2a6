/** How large the CI systems are for which a price is computed: nothing else in a configuration says it. */
import type { Fleet as FleetSettings } from '../config/deployment.ts';

/** A queue or a pipeline where it stands: a cluster, a namespace, a project. */
export interface FleetObject {
  readonly scope: string;
  readonly name: string;
}

/** What one source finds. */
export interface Fleet {
  readonly queues: readonly FleetObject[];
  readonly pipelines: readonly FleetObject[];
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
export function assumeFleet({ scopes, queues, pipelines, runsAnHour, jobsOfARun, labelValues }: FleetSettings): Fleet {
  return {
    queues: makeObjects('queue', queues, scopes),
    pipelines: makeObjects('pipeline', pipelines, scopes),
    results: { runs: usualResults, jobs: usualResults },
    finishesAnHour: pipelines * runsAnHour * (1 + jobsOfARun),
    labelValues,
  };
}

function makeObjects(noun: string, count: number, scopes: number): readonly FleetObject[] {
  return Array.from({ length: count }, (_, index) => ({
    scope: `cluster-${String((index % scopes) + 1)}`,
    name: `${noun}-${String(index + 1)}`,
  }));
}
