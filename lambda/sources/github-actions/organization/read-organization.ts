/** Reads what is told of the organization as a whole: runners, its enterprise's runners, larger runners and the bill. */
import * as z from 'zod';
import type { Ledger } from '../../../counters/ledger.ts';
import type { TickBudget } from '../../../crawl/tick-budget.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { hourMs, minuteMs } from '../../../model/time.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Access } from '../api/access.ts';
import type { ApiContext } from '../api/client.ts';
import { findMissingPermissions, type Subject } from '../api/permissions.ts';
import type { GithubActionsConfig } from '../config.ts';
import type { QueueNames } from '../jobs/queue-names.ts';
import type { TickProblems } from '../problems.ts';
import { type RunnerGroup, RunnerGroups } from '../runners/group-runners.ts';
import { readRunners, type RunnerOwner, type RunnersContext } from '../runners/read-runners.ts';
import { type Billed, BilledKinds, formatMonth, readBilling } from './read-billing.ts';
import { type HostedRunner, HostedRunners, readHostedRunners } from './read-hosted-runners.ts';
import { type ReadingPlan, readWhenDue } from './reading.ts';

/** Each is undefined where it is not read, or not known in this tick. */
export interface OrganizationFacts {
  readonly runners: readonly RunnerGroup[] | undefined;
  readonly enterpriseRunners: readonly RunnerGroup[] | undefined;
  readonly hostedRunners: readonly HostedRunner[] | undefined;
  readonly billed: readonly Billed[] | undefined;
}

export interface OrganizationContext {
  readonly config: Pick<GithubActionsConfig, 'organization' | 'runners' | 'hostedRunners' | 'billing' | 'enterprise'>;
  readonly api: ApiContext;
  /** Of the credential that reads the runners of the enterprise: that of `api` unless it has a token of its own. */
  readonly enterpriseAccess: Access;
  readonly ledger: Ledger;
  readonly budget: TickBudget;
  readonly names: QueueNames;
  readonly tickProblems: TickProblems;
  readonly nowMs: number;
}

/** Somebody changes them in the settings of the organization, a few times a year. */
const hostedRunnersEveryMs = 10 * minuteMs;

/** The bill is made some hours after what it is for. */
const billingEveryMs = hourMs;

/** One after the other: the runners first, because an autoscaler may use them. */
export async function readOrganization(context: OrganizationContext): Promise<OrganizationFacts> {
  const { config, api, names, nowMs } = context;
  const { organization } = config;
  const runners =
    config.runners === 'read'
      ? await read(context, 'runners', {
          ...{ name: 'runners', schema: RunnerGroups, leastEveryMs: minuteMs },
          read: () => readRunners(createRunnersContext(context, api, { is: 'organization', name: organization })),
        })
      : undefined;
  const enterpriseRunners = await readEnterpriseRunners(context);
  const hostedRunners =
    config.hostedRunners === 'read'
      ? await read(context, 'hostedRunners', {
          ...{ name: 'hosted runners', schema: HostedRunners, leastEveryMs: hostedRunnersEveryMs },
          read: () =>
            readHostedRunners({ api, organization, names, ...reportElements(context, 'larger runners of GitHub') }),
        })
      : undefined;
  const billed =
    config.billing === 'read'
      ? await read(context, 'billing', {
          ...{ name: 'billing', schema: BilledKinds, leastEveryMs: billingEveryMs, period: formatMonth(nowMs) },
          read: () => readBilling({ api, organization, nowMs, ...reportElements(context, 'lines of the bill') }),
        })
      : undefined;
  return { runners, enterpriseRunners, hostedRunners, billed };
}

async function readEnterpriseRunners(context: OrganizationContext): Promise<readonly RunnerGroup[] | undefined> {
  const { config, api, enterpriseAccess: access } = context;
  const { enterprise } = config;
  if (enterprise === undefined) return undefined;
  if (isResting(context)) {
    context.tickProblems.report('rate-limited', describeRest(access));
    return undefined;
  }
  const owner = { is: 'enterprise', name: enterprise.name } as const;
  const own = access === api.access ? api : createApartApi(context);
  return read(context, 'enterpriseRunners', {
    ...{ name: 'enterprise runners', schema: RunnerGroups, leastEveryMs: minuteMs },
    read: () => readRunners(createRunnersContext(context, own, owner)),
  });
}

/**
 * A token of its own has a limit of its own, so that its refusals and headers say nothing of the other credential. Its
 * requests are counted all the same: that is too much by a few, and never too little.
 */
function createApartApi({ api, budget, enterpriseAccess: access }: OrganizationContext): ApiContext {
  return { ...api, access, budget: { ...budget, noteRefusal: () => undefined }, onAnswer: () => undefined };
}

async function read<Value>(
  context: OrganizationContext,
  subject: Subject,
  plan: Omit<ReadingPlan<Value>, 'onError' | 'onRest'>,
): Promise<Value | undefined> {
  const { ledger, budget, tickProblems, api, enterpriseAccess } = context;
  const isApart = subject === 'enterpriseRunners' && enterpriseAccess !== api.access;
  // Told by what an App was granted; a request would only be refused.
  if (!isApart && isDenied(api.access, subject)) return undefined;
  const canAsk = isApart || !tickProblems.isHopeless();
  const onError = (error: unknown): Problem | undefined => {
    if (!isApart) return tickProblems.add(error, subject);
    rest(ledger, error);
    return tickProblems.addApart(error, subject, enterpriseAccess);
  };
  return readWhenDue({ ...plan, onError, onRest: tickProblems.note }, { ledger, budget, canAsk });
}

const Rest = z.object({ untilMs: z.number() });

/** Where GitHub names no time after which it may be asked again. */
const usualRestMs = 15 * minuteMs;

/** Going on at a limit may end in a ban. */
function rest(ledger: Ledger, error: unknown): void {
  if (!(error instanceof HttpStatusError) || error.status !== 429) return;
  ledger.remember('enterprise rest', { untilMs: error.retryAtMs ?? ledger.tickMs + usualRestMs });
}

function isResting({ ledger }: OrganizationContext): boolean {
  return (ledger.recall('enterprise rest', Rest)?.untilMs ?? 0) > ledger.tickMs;
}

function describeRest({ secret }: Access): string {
  return `the runners of the enterprise are not asked for, because GitHub has refused further requests of the token in ${secret} and is left alone for a while; look for what else uses it`;
}

function isDenied(access: Access, subject: Subject): boolean {
  const granted = access.granted();
  return granted !== undefined && findMissingPermissions(granted, [subject]).length > 0;
}

export function createRunnersContext(
  context: Pick<OrganizationContext, 'names' | 'tickProblems'>,
  api: ApiContext,
  owner: RunnerOwner,
): RunnersContext {
  return { api, owner, names: context.names, ...reportElements(context, 'runners') };
}

function reportElements({ tickProblems }: Pick<OrganizationContext, 'tickProblems'>, what: string) {
  return {
    countUnreadable: (count: number): void => {
      tickProblems.countUnreadable(count, what);
    },
    report: tickProblems.report,
  };
}
