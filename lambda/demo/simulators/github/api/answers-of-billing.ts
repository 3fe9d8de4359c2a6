/** The JSON of the bill: what was used on each day, by kind of machine. */
import { minuteMs } from '../../../../model/time.ts';
import type { SimulatedOrganization } from '../organization/organization.ts';

interface UsageContext {
  readonly organization: SimulatedOrganization;
  readonly login: string;
  readonly nowMs: number;
  readonly url: URL;
}

/** US dollars a minute of a small machine. */
const pricePerMinute = 0.006;

/** Of the year and the month that are asked for; without them, all. Other products stand on the same bill. */
export function listUsage({ organization, login, nowMs, url }: UsageContext): readonly object[] {
  const others = [
    { date: formatDay(nowMs), product: 'Actions', sku: 'Actions storage', unitType: 'GigabyteHours', quantity: 12 },
    { date: formatDay(nowMs), product: 'Copilot', sku: 'Copilot Business', unitType: 'UserMonths', quantity: 3 },
  ];
  const minutes = [...sumMinutes(organization, nowMs)].map(([key, quantity]) => {
    const [date = '', sku = ''] = key.split('|');
    return { date, product: 'Actions', sku, unitType: 'Minutes', quantity };
  });
  return [...minutes, ...others].filter(({ date }) => isAskedFor(date, url)).map((item) => addPrices(item, login));
}

function formatDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** GitHub rounds each job up to whole minutes. */
function sumMinutes({ repositories, pools }: SimulatedOrganization, nowMs: number): ReadonlyMap<string, number> {
  const plans = new Map(pools.filter(({ plan }) => plan.kind === 'hosted').map(({ plan }) => [plan.name, plan]));
  const jobs = repositories
    .flatMap(({ runs }) => runs.flatMap((run) => run.attempts.flatMap((attempt) => attempt.jobs)))
    .filter(({ plan, runner, endedMs }) => plans.has(plan.pool) && runner !== undefined && endedMs <= nowMs);
  const sums = new Map<string, number>();
  for (const { plan, startedMs, endedMs } of jobs) {
    const key = `${formatDay(endedMs)}|Actions Linux${plans.get(plan.pool)?.isLarger === true ? ' 16-core' : ''}`;
    sums.set(key, (sums.get(key) ?? 0) + Math.ceil((endedMs - startedMs) / minuteMs));
  }
  return sums;
}

function isAskedFor(date: string, { searchParams }: URL): boolean {
  const year = searchParams.get('year');
  const month = searchParams.get('month');
  if (year !== null && Number(date.slice(0, 4)) !== Number(year)) return false;
  return month === null || Number(date.slice(5, 7)) === Number(month);
}

function addPrices(item: { readonly quantity: number }, login: string): object {
  const grossAmount = item.quantity * pricePerMinute;
  const price = { pricePerUnit: pricePerMinute, grossAmount, discountAmount: 0, netAmount: grossAmount };
  return { ...item, ...price, organizationName: login, repositoryName: login };
}
