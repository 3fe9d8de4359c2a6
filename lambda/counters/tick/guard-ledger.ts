/** The door of what is counted: a finish keeps no name that could not be stored, shown or told apart. */
import { admittedLabels, type Cleaner, nothingSecret, shownLabels } from '../../model/text/admit.ts';
import type { Labels } from '../../model/metric.ts';
import { oneLine } from '../../model/text/outside-text.ts';
import type { Span } from '../../model/span.ts';
import type { Finish } from '../finish.ts';
import type { Ledger } from '../ledger.ts';

/** The same ledger for whoever names what it counts: labels and lines are made storable before anything keeps them. */
export function admittingLedger(ledger: Ledger, cleaner: Cleaner | undefined): Ledger {
  return {
    ...ledger,
    sawFinished: (stream, id, finish) => {
      ledger.sawFinished(stream, id, admittedFinish(finish, cleaner));
    },
    endMarks: (of) => {
      ledger.endMarks(admittedLabels(of, cleaner));
    },
    declare: (metric, labels) => {
      ledger.declare(metric, admittedLabels(labels, cleaner));
    },
    count: (metric, labels, increase) => {
      ledger.count(metric, admittedLabels(labels, cleaner), increase);
    },
    follow: (metric, labels, seen) => {
      ledger.follow(metric, admittedLabels(labels, cleaner), seen);
    },
    followHistogram: (metric, labels, seen) => {
      ledger.followHistogram(metric, admittedLabels(labels, cleaner), seen);
    },
  };
}

function admittedFinish(finish: Finish, cleaner: Cleaner | undefined): Finish {
  const withAdmittedLabels = <Part extends { readonly labels: Labels }>(part: Part): Part => {
    const labels = admittedLabels(part.labels, cleaner);
    return labels === part.labels ? part : { ...part, labels };
  };
  return {
    ...finish,
    counts: finish.counts.map(withAdmittedLabels),
    observations: finish.observations.map((seen) => withAdmittedLabels(withShownExemplar(seen, cleaner))),
    marks: finish.marks.map(withAdmittedLabels),
    ...(finish.line === undefined ? {} : { line: shownLine(finish.line, cleaner) }),
    ...(finish.spans === undefined ? {} : { spans: finish.spans.map((span) => shownSpan(span, cleaner)) }),
  };
}

function withShownExemplar(
  observation: Finish['observations'][number],
  cleaner: Cleaner | undefined,
): Finish['observations'][number] {
  const { exemplar } = observation;
  return exemplar === undefined
    ? observation
    : { ...observation, exemplar: { ...exemplar, labels: shownLabels(exemplar.labels, cleaner) } };
}

function shownLine(line: NonNullable<Finish['line']>, { name: clean } = nothingSecret): NonNullable<Finish['line']> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [name, typeof value === 'string' ? oneLine(clean(value)) : value]),
  );
}

/** Ids are cleaned like everything else: what they lead to is made of what is left. */
function shownSpan(span: Span, { name: clean } = nothingSecret): Span {
  const shown = (text: string): string => oneLine(clean(text));
  const maybe = (text: string | undefined): string | undefined => (text === undefined ? undefined : shown(text));
  const { run, id, name, pipeline, scope, queue, url, commit, branch } = span;
  return {
    ...span,
    run: shown(run),
    id: maybe(id),
    name: maybe(name),
    pipeline: maybe(pipeline),
    scope: shown(scope),
    queue: maybe(queue),
    url: maybe(url),
    commit: maybe(commit),
    branch: maybe(branch),
  };
}
