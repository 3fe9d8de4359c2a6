/** Reads the colours of the style sheet as they are in the theme of now, for what is drawn without it. */
import { createElement } from '../elements.ts';

let probe: HTMLElement | undefined;
const known = new Map<string, string>();

/** A property of its own is read as it is written, `light-dark(…)`; the colour of an element is what comes of it. */
export function readColour(name: string): string {
  const before = known.get(name);
  if (before !== undefined) return before;
  if (probe === undefined) document.body.append((probe = createElement('span', { hidden: '' })));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  known.set(name, color);
  return color;
}

/** After the theme has changed. */
export function forgetColours(): void {
  known.clear();
}
