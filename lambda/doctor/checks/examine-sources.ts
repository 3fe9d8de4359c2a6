/** Asks each source what its credential may beyond need, and what it lacks, after the source has been read. */
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { runEach } from '../../runtime/run-each.ts';

/** Nothing of a source that has nothing to say. */
export async function examineSources(
  { sources, clock, log }: Pipeline,
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const results = await runEach(sources, deadline, clock, log, async ({ source }) =>
    source.examine === undefined ? [] : await source.examine({ deadline }),
  );
  return results.flatMap(({ result }) =>
    'value' in result ? result.value : [describeAsFinding(result.problem, 'scopes', 'unknown')],
  );
}
