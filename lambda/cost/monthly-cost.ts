/** What a deployment costs a month, line by line: the one answer of the synthesis, of a dry run and of the guides. */
import type { CollectorConfig } from '../config/schema.ts';
import type { RunReport } from '../report/report.ts';
import { priceMetrics } from '../sinks/cloudwatch/price.ts';
import type { CostLine, PreparedSink, Preview } from '../sinks/sink.ts';
import type { PreparedSource } from '../sources/source.ts';
import { priceAlarms, type AlarmCount } from './lines/alarm-lines.ts';
import { priceEvents } from './lines/event-lines.ts';
import { priceFunction } from './lines/function-lines.ts';
import { priceMessages } from './lines/message-lines.ts';
import { estimateLogSize } from './lines/log-size.ts';
import { groupDigits } from '../model/text/wording.ts';
import { prices } from './prices.ts';
import { isRunning } from './lines/runs-a-month.ts';
import { priceSecrets } from './lines/secret-lines.ts';
import { priceStateTable } from './lines/table-lines.ts';
import { hoursAMonth } from '../model/time.ts';

export interface SinkPreview {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly preview: Preview;
}

/** Everything that a price depends on. */
export interface PricedDeployment {
  readonly config: CollectorConfig;
  readonly sources: readonly PreparedSource[];
  readonly sinks: readonly PreparedSink[];
  /** A run as it usually is. */
  readonly report: RunReport;
  /** What the sinks send in it, each with its own price. */
  readonly previews: readonly SinkPreview[];
  /** Of the state of each source that counts, as stored. Bytes. */
  readonly stateBytes: readonly number[];
  /** Runs and jobs that end, of all sources with events. */
  readonly eventsAnHour: number;
  /** Undefined where there is no stack whose alarms could be counted. */
  readonly alarms: AlarmCount | undefined;
}

export function computeMonthlyCost(deployed: PricedDeployment): readonly CostLine[] {
  return [
    // Where nothing runs, nothing is sent.
    ...(isRunning(deployed.config) ? [...priceSinks(deployed.previews), ...priceOwnMetrics(deployed)] : []),
    ...(deployed.alarms === undefined
      ? []
      : [...priceAlarms(deployed.alarms), ...priceMessages(deployed.config.alarms)]),
    ...priceDashboard(deployed.config),
    ...priceFunction(deployed),
    ...priceSecrets(deployed),
    ...priceStateTable(deployed),
    ...priceEvents(deployed),
    ...priceNetwork(deployed.config),
  ];
}

/** Of what has a price that is known. */
export function sumCost(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { usd = 0 }) => sum + usd, 0);
}

/** Whether the total leaves something out whose price is not published. */
export function hasUnknownPrice(lines: readonly CostLine[]): boolean {
  return lines.some(({ usd }) => usd === undefined);
}

function priceSinks(previews: readonly SinkPreview[]): readonly CostLine[] {
  const priced = previews.filter(({ preview }) => preview.monthlyCost.length > 0);
  return priced.flatMap(({ id, preview: { monthlyCost: lines } }) =>
    lines.map((line) => (priced.length > 1 ? { ...line, item: `${line.item} (${id})` } : line)),
  );
}

/** The function logs them whatever its sinks are; they are in the same tiers as the metrics that are sent. */
function priceOwnMetrics({ config, report, previews }: PricedDeployment): readonly CostLine[] {
  const custom = previews.flatMap(({ preview: { customMetrics } }) => customMetrics ?? []);
  if (custom.some(({ includesOwn }) => includesOwn)) return [];
  const sent = custom.reduce((sum, { count }) => sum + count, 0);
  const { metrics } = estimateLogSize(report, config);
  const usd = priceMetrics(sent + metrics) - priceMetrics(sent);
  return [{ item: "collector's own metrics, from its log", usd, basis: `${groupDigits(metrics)} more metrics` }];
}

function priceDashboard({ deployment }: CollectorConfig): readonly CostLine[] {
  if (deployment.dashboard === 'omit') return [];
  const basis = `one of the three that an account has free, $${String(prices.dashboard)} from the fourth on`;
  return [{ item: 'dashboard', usd: 0, basis }];
}

/** A function in a VPC reaches nothing outside without one; interface endpoints in its place cost about as much. */
function priceNetwork({ deployment }: CollectorConfig): readonly CostLine[] {
  if (deployment.vpc === undefined) return [];
  const { natGatewayHour, publicAddressHour } = prices;
  const basis = `${String(hoursAMonth)} hours × ($${String(natGatewayHour)} + $${String(publicAddressHour)} for its address), without data; nothing where others need it anyway`;
  return [{ item: 'NAT gateway', usd: hoursAMonth * (natGatewayHour + publicAddressHour), basis }];
}
