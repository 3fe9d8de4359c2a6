/** What the function and its log cost. */
import type { CollectorConfig } from '../../config/schema.ts';
import type { RunReport } from '../../report/report.ts';
import type { CostLine } from '../../sinks/sink.ts';
import { estimateLogSize } from './log-size.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';
import { countRunsAMonth } from './runs-a-month.ts';

/** A gigabyte of memory, as Lambda counts it. */
const gigabyteMegabytes = 1024;

const million = 1_000_000;

interface Running {
  readonly config: CollectorConfig;
  readonly report: RunReport;
}

export function priceFunction({ config, report }: Running): readonly CostLine[] {
  const { memoryMegabytes } = config.deployment;
  const { runs, invocations, secondsOfInvocation } = countRunsAMonth(config);
  const gigabyteSeconds = invocations * secondsOfInvocation * (memoryMegabytes / gigabyteMegabytes);
  const logged = estimateLogSize(report, config).bytes;
  const gigabytes = (runs * logged) / 1e9;
  return [
    {
      item: 'function',
      usd: gigabyteSeconds * prices.lambdaGigabyteSecondOnArm + (invocations / million) * prices.millionInvocations,
      basis: `${groupDigits(invocations)} invocations × ${String(secondsOfInvocation)} s × ${String(memoryMegabytes)} MB`,
    },
    {
      item: 'log',
      usd: gigabytes * prices.logGigabyte,
      basis: `${groupDigits(runs)} runs × ${groupDigits(logged)} bytes × $${prices.logGigabyte.toFixed(2)} a GB`,
    },
    { item: 'schedule', usd: 0, basis: `${groupDigits(invocations)} invocations, the first 14,000,000 free` },
  ];
}
