/** How the output of one terminal looks: its colours, its signs and its width. */
import { createPaint, type Paint } from './colour.ts';
import type { Output, Terminal } from '../terminal.ts';
import { chooseSigns, type Signs } from './signs.ts';

/** What the text for one terminal is made with. */
export interface Theme {
  readonly paint: Paint;
  readonly signs: Signs;
  /** Width to keep to; absent where lines may be of any length, as in a pipe. */
  readonly columns?: number | undefined;
}

export function chooseTheme(output: Output, { variables }: Pick<Terminal, 'variables'>, isRefused: boolean): Theme {
  const { isTty } = output;
  const theme = { paint: createPaint({ isTty, variables, isRefused }), signs: chooseSigns(variables) };
  return isTty ? { ...theme, columns: output.size().columns } : theme;
}
