/** Asks each sink to have something harmless taken by its backend. */
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import type { Pipeline } from '../../pipeline.ts';
import { runEach } from '../../runtime/run-each.ts';
import type { Examination } from '../means.ts';

export async function examineSinks(
  { sinks, sources, clock, log }: Pipeline,
  { deadline, writes }: Examination,
): Promise<readonly Finding[]> {
  if (writes === 'none') return sinks.map(({ id }) => describeUntried(id, 'nothing was written, as it was asked for'));
  const metrics = sources.flatMap((source) => source.metrics);
  const results = await runEach(sinks, deadline, clock, log, async ({ id, sink }) =>
    sink.examine === undefined
      ? [describeUntried(id, 'this kind of sink has nothing harmless to write')]
      : await sink.examine({ deadline, metrics, nowMs: clock() }),
  );
  return results.flatMap(({ component: { id }, result }) => {
    if ('problem' in result) return [describeAsFinding(result.problem, 'write')];
    return result.value.length === 0 ? [describeUntried(id, 'it told nothing')] : result.value;
  });
}

function describeUntried(where: string, message: string): Finding {
  return { subject: 'write', where, verdict: 'unknown', message, remedy: 'run collect --once, which writes for real' };
}
