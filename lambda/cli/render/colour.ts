/** Decides whether a text gets colours, and gives them to it. */
import { styleText } from 'node:util';

/** The looks by role: code says what a text means, and only here the role gets colours. */
const styles = {
  heading: ['bold'],
  faint: ['dim'],
  good: ['green'],
  warning: ['yellow'],
  bad: ['red'],
  alarm: ['bold', 'red'],
} as const;

export type Style = keyof typeof styles;

/** Gives a text the colours of its role, or returns it unchanged where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

export interface ColourChoice {
  readonly isTty: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `--no-color` */
  readonly isRefused: boolean;
}

/** Colours on a terminal only, unless FORCE_COLOR asks for them; NO_COLOR and `--no-color` win over everything. */
export function createPaint(choice: ColourChoice): Paint {
  if (!hasColours(choice)) return (_style, text) => text;
  return (style, text) => (text === '' ? text : styleText([...styles[style]], text, { validateStream: false }));
}

/** Whether an output gets colours. */
export function hasColours({ isTty, variables, isRefused }: ColourChoice): boolean {
  // An empty value counts as not set (no-color.org).
  if (isRefused || (variables['NO_COLOR'] ?? '') !== '') return false;
  const forced = variables['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return isTty && variables['TERM'] !== 'dumb';
}
