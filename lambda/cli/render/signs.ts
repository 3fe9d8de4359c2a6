/** The signs of outcomes and bars, for terminals with and without Unicode. */
import type { SourceOutput } from '../../model/batch.ts';
import type { Outcome } from '../../report/report.ts';
import type { Style } from './colour.ts';

/** The Linux console's font has no block elements beyond these few; everything else has. */
export interface Signs {
  readonly good: string;
  readonly warning: string;
  readonly bad: string;
  readonly bar: { readonly filled: string; readonly empty: string };
}

const unicode: Signs = { good: '●', warning: '▲', bad: '✖', bar: { filled: '█', empty: '░' } };
const ascii: Signs = { good: '+', warning: '!', bad: 'x', bar: { filled: '#', empty: '.' } };

export function chooseSigns(variables: Readonly<Record<string, string | undefined>>): Signs {
  return variables['TERM'] === 'linux' || variables['TERM'] === 'dumb' ? ascii : unicode;
}

export interface StatusText {
  readonly text: string;
  readonly style: Style;
}

/** A state never by colour alone: the sign and the word say the same. */
export function describeStatus(state: Outcome | SourceOutput['status'], signs: Signs): StatusText {
  switch (state) {
    case 'ok':
    case 'complete':
      return { text: `${signs.good} ${state}`, style: 'good' };
    case 'degraded':
    case 'partial':
    case 'skipped':
      return { text: `${signs.warning} ${state}`, style: 'warning' };
    case 'failed':
      return { text: `${signs.bad} ${state}`, style: 'bad' };
  }
}

const barCells = 10;

/** A bar of ten cells for a ratio of 0 to 1; it is full only at 1 and empty only at 0. */
export function renderBar(ratio: number, { bar: { filled, empty } }: Signs): string {
  const clamped = Math.min(1, Math.max(0, ratio));
  const cells = Math.round(clamped * barCells);
  const honest = clamped > 0 && clamped < 1 ? Math.min(barCells - 1, Math.max(1, cells)) : cells;
  return filled.repeat(honest) + empty.repeat(barCells - honest);
}
