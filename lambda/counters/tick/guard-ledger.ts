/** A ledger that cleans all names first: they hold no secret, can be stored and shown, and stay different. */
import { admitLabels, type Cleaner, nothingSecret, cleanLabels } from '../../model/text/admit.ts';
import type { Labels } from '../../model/metric.ts';
import { flattenText } from '../../model/text/outside-text.ts';
import type { Span } from '../../model/span.ts';
import type { Count, Finish } from '../finish.ts';
import type { Ledger } from '../ledger.ts';

/** The same ledger for the source: labels and log lines are made storable before anything is kept of them. */
export function guardLedger(ledger: Ledger, cleaner: Cleaner | undefined): Ledger {
  return {
    ...ledger,
    countFinish: (stream, id, finish) => {
      ledger.countFinish(stream, id, admitFinish(finish, cleaner));
    },
    endMarks: (of) => {
      ledger.endMarks(admitLabels(of, cleaner));
    },
    declare: (metric, labels) => {
      ledger.declare(metric, admitLabels(labels, cleaner));
    },
    count: (metric, labels, increase) => {
      ledger.count(metric, admitLabels(labels, cleaner), increase);
    },
    follow: (metric, labels, seen) => {
      ledger.follow(metric, admitLabels(labels, cleaner), seen);
    },
    followHistogram: (metric, labels, seen) => {
      ledger.followHistogram(metric, admitLabels(labels, cleaner), seen);
    },
  };
}

function admitFinish(finish: Finish, cleaner: Cleaner | undefined): Finish {
  const admitLabelled = <Part extends { readonly labels: Labels }>(part: Part): Part => {
    const labels = admitLabels(part.labels, cleaner);
    return labels === part.labels ? part : { ...part, labels };
  };
  return {
    ...finish,
    counts: finish.counts.map((count) => admitOwner(admitLabelled(count), cleaner)),
    observations: finish.observations.map((seen) => admitLabelled(cleanExemplar(seen, cleaner))),
    marks: finish.marks.map(admitLabelled),
    ...(finish.line === undefined ? {} : { line: cleanLine(finish.line, cleaner) }),
    ...(finish.spans === undefined ? {} : { spans: finish.spans.map((span) => cleanSpan(span, cleaner)) }),
  };
}

function admitOwner(count: Count, cleaner: Cleaner | undefined): Count {
  const { ownedBy } = count;
  if (ownedBy === undefined) return count;
  const { scope = '', pipeline = '' } = admitLabels(ownedBy, cleaner);
  return { ...count, ownedBy: { scope, pipeline } };
}

function cleanExemplar(
  observation: Finish['observations'][number],
  cleaner: Cleaner | undefined,
): Finish['observations'][number] {
  const { exemplar } = observation;
  return exemplar === undefined
    ? observation
    : { ...observation, exemplar: { ...exemplar, labels: cleanLabels(exemplar.labels, cleaner) } };
}

function cleanLine(line: NonNullable<Finish['line']>, { redactName } = nothingSecret): NonNullable<Finish['line']> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [
      name,
      typeof value === 'string' ? flattenText(redactName(value)) : value,
    ]),
  );
}

/** Ids are cleaned like everything else; trace ids are made of the cleaned ones. */
function cleanSpan(span: Span, { redactName } = nothingSecret): Span {
  const cleanText = (text: string): string => flattenText(redactName(text));
  const cleanOptional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : cleanText(text);
  const { run, id, name, pipeline, scope, queue, url, commit, branch } = span;
  return {
    ...span,
    run: cleanText(run),
    id: cleanOptional(id),
    name: cleanOptional(name),
    pipeline: cleanOptional(pipeline),
    scope: cleanText(scope),
    queue: cleanOptional(queue),
    url: cleanOptional(url),
    commit: cleanOptional(commit),
    branch: cleanOptional(branch),
  };
}
