/** Shows a run in the text format of Prometheus. */
import { writePrometheusText } from '../../exposition/write-prometheus-text.ts';
import { gatherFamilies, gatherRelayed } from '../../exposition/select-families.ts';
import { collectFamilies, collectRelayed, type View } from './view.ts';

/** For Prometheus' own tools: everything as text exposition, the collector's health included. */
export function createPrometheusView(): View {
  return {
    renderRun: async (run) => (await writePrometheusText(collectFamilies(run), collectRelayed(run))).text,
    renderDryRun: async ({ collected }) =>
      (await writePrometheusText(gatherFamilies(collected.batch), gatherRelayed(collected.batch))).text,
  };
}
