/** Logs which requests New Relic took: it checks data later, and reports refusals in an event of its own. */
import type { Logger } from '../../../runtime/log.ts';
import type { Api } from '../encode/split-requests.ts';

/** NRQL that finds the refusals (documentation, "Troubleshoot Metric API with NRIntegrationError events"). */
export const refusalsQuery =
  "SELECT timestamp, category, rateLimitType, message, requestId FROM NrIntegrationError WHERE newRelicFeature IN ('Metrics', 'Event API') SINCE 1 day ago LIMIT 100";

export interface Receipt {
  readonly api: Api;
  readonly samples: number;
  readonly requestId: string;
}

export interface Receipts {
  readonly note: (receipt: Receipt) => void;
}

/** The query is logged once a process; the number of each request is logged for a search in New Relic. */
export function createReceipts(sink: string, log: Logger): Receipts {
  let isQueryLogged = false;
  return {
    note: (receipt) => {
      if (!isQueryLogged)
        log.info('New Relic takes data before it checks it, and tells of what it then refuses by this query', {
          sink,
          query: refusalsQuery,
        });
      isQueryLogged = true;
      log.debug('New Relic took a request', { sink, ...receipt });
    },
  };
}
