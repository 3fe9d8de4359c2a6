/** What the table costs that counters are kept in. */
import type { CollectorConfig } from '../../config/schema.ts';
import type { RunReport } from '../../report/report.ts';
import type { CostLine } from '../../sinks/sink.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';
import { countRequestUnits } from './request-units.ts';
import { countRunsAMonth } from './runs-a-month.ts';

interface Counting {
  readonly config: CollectorConfig;
  readonly report: RunReport;
  readonly stateBytes: readonly number[];
}

/** Deliveries of three hours, compressed; one for each sink that adds what it is sent. */
const outboxBytes = 400;

const million = 1_000_000;

/** Each document is read and replaced in each run. */
export function priceStateTable({ config, report, stateBytes }: Counting): readonly CostLine[] {
  if (stateBytes.length === 0) return [];
  const outboxes = report.sinks.filter(({ pending }) => pending !== undefined).map(() => outboxBytes);
  const documents = [...stateBytes, ...outboxes].map(countRequestUnits);
  const { runs } = countRunsAMonth(config);
  const reads = runs * documents.reduce((sum, { read }) => sum + read, 0);
  const writes = runs * documents.reduce((sum, { write }) => sum + write, 0);
  return [
    {
      item: 'table of counters',
      usd: (reads * prices.millionReadUnits + writes * prices.millionWriteUnits) / million,
      basis: `${String(documents.length)} documents a run: ${groupDigits(reads)} read units and ${groupDigits(writes)} write units, an estimate by size`,
    },
  ];
}
