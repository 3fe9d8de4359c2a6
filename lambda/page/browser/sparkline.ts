/** Draws a line of past figures that fits into a row of a table. */
import type { Figure } from '../messages.ts';
import { createSvg, setAttribute } from './elements.ts';
import { buildArea, buildLine } from './paths.ts';

export interface Sparkline {
  readonly element: SVGSVGElement;
  /** `slots`: how many figures fit; a shorter list stands at the right. */
  readonly draw: (figures: readonly Figure[], slots: number) => void;
}

/** What a number beside it says, so that a screen reader need not hear of it. `tone`: a class of the style sheet. */
export function createSparkline(tone: string): Sparkline {
  const area = createSvg('path', { class: 'area' });
  const line = createSvg('path', { class: 'line' });
  const view = { viewBox: '0 0 100 24', preserveAspectRatio: 'none' };
  const element = createSvg('svg', { class: `spark ${tone}`, 'aria-hidden': 'true', ...view }, [area, line]);
  return {
    element,
    draw: (figures, slots) => {
      setAttribute(element, 'data-flat', String(figures.slice(-slots).every((figure) => (figure ?? 0) === 0)));
      setAttribute(line, 'd', buildLine(figures, slots));
      setAttribute(area, 'd', buildArea(figures, slots));
    },
  };
}
