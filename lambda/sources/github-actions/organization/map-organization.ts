/** Metrics of the organization as a whole: runners, larger runners and the bill; and whose runner a queue is served by. */
import type { MetricFamily } from '../../../model/metric.ts';
import { canServe, isOfLabels } from '../jobs/queue-names.ts';
import type { Hosting } from '../own-metrics.ts';
import type { RunnerGroup } from '../runners/group-runners.ts';
import { mapRunners } from '../runners/map-runners.ts';
import type { JobState } from '../runs/open-run.ts';
import { mapBilling } from './read-billing.ts';
import { mapHostedRunners } from './read-hosted-runners.ts';
import type { OrganizationFacts } from './read-organization.ts';

export interface OrganizationNames {
  readonly source: string;
  readonly organization: string;
  /** Undefined where its runners are not read. */
  readonly enterprise: string | undefined;
}

export function mapOrganization(facts: OrganizationFacts, names: OrganizationNames): readonly MetricFamily[] {
  const { runners, enterpriseRunners, hostedRunners, billed } = facts;
  const { source, organization, enterprise } = names;
  const byScope = [
    ...(runners === undefined ? [] : [{ scope: organization, groups: runners }]),
    ...(enterprise === undefined || enterpriseRunners === undefined
      ? []
      : [{ scope: enterprise, groups: enterpriseRunners }]),
  ];
  return [
    ...(byScope.length === 0 ? [] : mapRunners(byScope, source)),
    ...(hostedRunners === undefined ? [] : [mapHostedRunners(hostedRunners, names)]),
    ...(billed === undefined ? [] : [mapBilling(billed, names)]),
  ];
}

/** Who could take jobs, as far as lists tell it. */
export interface Supply {
  readonly selfHosted: readonly RunnerGroup[];
  /** Queues of the larger runners of GitHub. */
  readonly hosted: ReadonlySet<string>;
}

export function combineSupply(facts: OrganizationFacts | undefined): Supply {
  const { runners = [], enterpriseRunners = [], hostedRunners = [] } = facts ?? {};
  return {
    selfHosted: [...runners, ...enterpriseRunners],
    hosted: new Set(hostedRunners.map(({ queue }) => queue)),
  };
}

/** Whose runner a job is for: by its own labels and group, else by who has runners of its labels. */
export function determineSupplier({ hosting, queue }: Pick<JobState, 'hosting' | 'queue'>, supply: Supply): Hosting {
  if (hosting !== 'unknown' || !isOfLabels(queue)) return hosting;
  if (supply.hosted.has(queue)) return 'hosted';
  return supply.selfHosted.some(({ labels }) => canServe(new Set(labels), queue)) ? 'self_hosted' : 'unknown';
}
