/** Prints what the tests noticed as a row for CONTRIBUTING.md, and each change that they did not. */
import { alignedTable } from '../docs/table.ts';
import type { Outcome, Survivor } from './report.ts';

const head = ['Folder', 'Mutants', 'Killed', 'Timed out', 'Survived', 'Share', 'Seed'];

export function outcomeText(outcome: Outcome): string {
  const { place, seed, mutants, killed, timedOut, survivors } = outcome;
  const row = [place, mutants, killed, timedOut, survivors.length, share(outcome), seed].map(String);
  return [alignedTable(head, [row]), ...survivors.map(survivorLine)].join('\n');
}

/** Of the mutants, those that were noticed. A test that never ends is noticed too. */
function share({ mutants, killed, timedOut }: Outcome): string {
  return mutants === 0 ? 'none' : `${String(Math.floor((100 * (killed + timedOut)) / mutants))} %`;
}

function survivorLine({ file, line, before, after, isCovered }: Survivor): string {
  return `${file}:${String(line)} ${before} → ${after}${isCovered ? '' : ' (no test runs it)'}`;
}
