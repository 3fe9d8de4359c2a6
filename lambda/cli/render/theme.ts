import { painter, type Paint } from './colour.ts';
import type { Output, Terminal } from '../terminal.ts';
import { signsFor, type Signs } from './signs.ts';

/** How the output of this terminal looks. */
export interface Look {
  readonly paint: Paint;
  readonly signs: Signs;
  /** Width to keep to; absent where lines may be of any length, as in a pipe. */
  readonly columns?: number | undefined;
}

export function lookOf(output: Output, { variables }: Pick<Terminal, 'variables'>, isRefused: boolean): Look {
  const { isTty } = output;
  const look = { paint: painter({ isTty, variables, isRefused }), signs: signsFor(variables) };
  return isTty ? { ...look, columns: output.size().columns } : look;
}
