import { prometheusText } from '../../exposition/write-prometheus-text.ts';
import { allFamilies, allRelayed } from '../../exposition/select-families.ts';
import { familiesOf, relayedOf, type View } from './view.ts';

/** For Prometheus' own tools: everything as text exposition, the collector's health included. */
export function prometheusView(): View {
  return {
    ran: async (run) => (await prometheusText(familiesOf(run), relayedOf(run))).text,
    previewed: async ({ collected }) =>
      (await prometheusText(allFamilies(collected.batch), allRelayed(collected.batch))).text,
  };
}
