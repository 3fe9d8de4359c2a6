/** Says what the configuration costs a month once it is deployed, if all its runs are like the one that was just read. */
import { sumCost } from '../../cost/monthly-cost.ts';
import { priceAsDeployed } from '../../cost/price-deployment.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import type { Finding } from '../../model/finding.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { Previewed } from '../../run.ts';
import { formatUsd } from '../render/figures.ts';

/** A price of less than nothing read is none. */
export async function checkCost(
  config: CollectorConfig,
  { sinks, collector }: Pick<Pipeline, 'sinks' | 'collector'>,
  { batch, later, laterHealth, sources }: Previewed,
): Promise<Finding> {
  const place = { subject: 'cost', where: collector } as const;
  const previews = await Promise.all(
    sinks.map(async ({ id, sink }) => ({ id, preview: await sink.preview(batch, laterHealth) })),
  );
  const price = priceAsDeployed(config, later, previews);
  if ('refusals' in price)
    return {
      ...place,
      verdict: 'unknown',
      message: `cannot be deployed: ${price.refusals[0]}`,
      remedy: 'nothing to do where it is not to be deployed: collect --every runs it on a machine',
    };
  if (sources.some(({ status }) => status === 'failed'))
    return {
      ...place,
      verdict: 'unknown',
      message: 'a source could not be read, so that there is no price',
      remedy: 'mend the source, and look again',
    };
  const message = `${formatUsd(sumCost(price.lines))} a month without alarms; collect --dry-run has the lines of it`;
  return { ...place, verdict: 'ok', message };
}
