/** The door of what is counted: a finish keeps no name that could not be stored, shown or told apart. */
import { admittedLabels, shownLabels } from '../model/admitted.ts';
import type { Labels } from '../model/metric.ts';
import { oneLine } from '../model/outside-text.ts';
import type { Finish } from './finish.ts';
import type { Ledger } from './ledger.ts';

/** The same ledger for whoever names what it counts: labels and lines are made storable before anything keeps them. */
export function admittingLedger(ledger: Ledger): Ledger {
  return {
    ...ledger,
    sawFinished: (stream, id, finish) => {
      ledger.sawFinished(stream, id, admittedFinish(finish));
    },
    endMarks: (of) => {
      ledger.endMarks(admittedLabels(of));
    },
    declare: (metric, labels) => {
      ledger.declare(metric, admittedLabels(labels));
    },
    count: (metric, labels, increase) => {
      ledger.count(metric, admittedLabels(labels), increase);
    },
    follow: (metric, labels, seen) => {
      ledger.follow(metric, admittedLabels(labels), seen);
    },
    followHistogram: (metric, labels, seen) => {
      ledger.followHistogram(metric, admittedLabels(labels), seen);
    },
  };
}

function admittedFinish(finish: Finish): Finish {
  return {
    ...finish,
    counts: finish.counts.map(withAdmittedLabels),
    observations: finish.observations.map(withShownExemplar).map(withAdmittedLabels),
    marks: finish.marks.map(withAdmittedLabels),
    ...(finish.line === undefined ? {} : { line: shownLine(finish.line) }),
  };
}

function withAdmittedLabels<Part extends { readonly labels: Labels }>(part: Part): Part {
  const labels = admittedLabels(part.labels);
  return labels === part.labels ? part : { ...part, labels };
}

function withShownExemplar(observation: Finish['observations'][number]): Finish['observations'][number] {
  const { exemplar } = observation;
  return exemplar === undefined
    ? observation
    : { ...observation, exemplar: { ...exemplar, labels: shownLabels(exemplar.labels) } };
}

function shownLine(line: NonNullable<Finish['line']>): NonNullable<Finish['line']> {
  return Object.fromEntries(
    Object.entries(line).map(([name, value]) => [name, typeof value === 'string' ? oneLine(value) : value]),
  );
}
