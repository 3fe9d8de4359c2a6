/** Says what was read of each source in one run that sends nothing: how much of what, and what was missing. */
import { queueJobs, workers } from '../../model/catalogue/queue-metrics.ts';
import type { SourceOutput } from '../../model/batch.ts';
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import type { SourceOutcome } from '../../report/report.ts';
import type { Collected } from '../../run.ts';

/** Refused credentials and wrong clocks have findings of their own. */
const toldElsewhere: ReadonlySet<string> = new Set(['auth', 'clock']);

export function checkReadings({ batch, sources }: Collected): readonly Finding[] {
  return sources.flatMap((outcome) => {
    const output = batch.sources.find(({ system, source }) => system === outcome.system && source === outcome.name);
    return checkReading(outcome, output);
  });
}

function checkReading({ id, status, problems, durationMs, meter }: SourceOutcome, output: SourceOutput | undefined) {
  const place = { subject: 'read', where: id } as const;
  const own = problems.filter(({ kind }) => !toldElsewhere.has(kind));
  const verdict = status === 'failed' ? 'failed' : 'warning';
  const findings: Finding[] = own.map((problem) => describeAsFinding(problem, 'read', verdict));
  if (output === undefined || status === 'failed') return findings;
  const counted = describeContents(output);
  if (counted === undefined)
    return [
      ...findings,
      {
        ...place,
        verdict: 'warning' as const,
        message: 'answers, and shows no queue, worker, pipeline or series',
        remedy: 'nothing to do if nothing runs there; otherwise check what the settings of the source select',
      },
    ];
  const requests = [...meter.attempts.values()].reduce((sum, count) => sum + count, 0);
  const effort = `${formatCount(requests, 'request')}, ${(durationMs / 1000).toFixed(1)} s`;
  return [...findings, { ...place, verdict: 'ok' as const, message: `${counted} (${effort})` }];
}

/** `12 queues, 40 workers, 8 pipelines`; undefined where there is none of them. */
function describeContents({ families, relayed = [] }: SourceOutput): string | undefined {
  // Without a source they are a vendor's own names, for the same queues.
  const names = (label: string): ReadonlySet<string> =>
    new Set(
      families.flatMap(({ samples }) =>
        samples.flatMap(({ labels }) =>
          label in labels && 'source' in labels ? [`${labels['scope'] ?? ''} ${labels[label] ?? ''}`] : [],
        ),
      ),
    );
  const counts = [
    [names('queue').size, 'queue'],
    [sumValues(families, workers.name), 'worker'],
    [sumValues(families, queueJobs.name), 'open job'],
    [names('pipeline').size, 'pipeline'],
    [relayed.reduce((sum, { samples }) => sum + samples.length, 0), 'relayed series'],
  ] as const;
  const told = counts.filter(([count]) => count > 0);
  return told.length === 0 ? undefined : told.map(([count, noun]) => formatCount(count, noun)).join(', ');
}

function sumValues(families: SourceOutput['families'], name: string): number {
  return families.reduce(
    (sum, family) =>
      family.definition.name === name && family.type === 'gauge'
        ? sum + family.samples.reduce((all, { value }) => all + value, 0)
        : sum,
    0,
  );
}

function formatCount(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 || noun.endsWith('s') ? '' : 's'}`;
}
