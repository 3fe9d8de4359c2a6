/** Estimates from the text of a pattern how many steps its program will have, before anything is built of it. */

/** One part of a pattern as far as its size goes; what is quoted or in brackets opens and closes nothing. */
const token =
  /\\Q[\s\S]*?(?:\\E|$)|\\[pPx]\{[^}]*\}|\\[\s\S]|\[\^?\]?(?:\[:\^?\w*:\]|\\[\s\S]|[^\]\\])*\]|\((?:\?[^:)<]*(?:<[^>]*>|:|\)))?|\{(\d+)(,(\d*))?\}|[\s\S]/g;

/** A class of Unicode has hundreds of ranges, which each of its steps holds. */
const stepsOfUnicodeClass = 10;

/** Never less than the program has: what cannot be told apart counts as a step of its own. */
export function estimateSteps(pattern: string): number {
  const open: Level[] = [];
  let level: Level = { steps: 0, last: 0 };
  for (const [text, low, comma, high] of pattern.matchAll(token)) {
    if (text === ')') level = append(open.pop() ?? { steps: 0, last: 0 }, level.steps);
    else if (low !== undefined) level = repeat(level, timesOf(low, comma, high));
    else if (/^[*+?]$/.test(text)) level = extend(level, text === '*' ? stepsOfStar : 1);
    else if (!text.startsWith('(')) level = append(level, stepsOf(text));
    else if (!text.endsWith(')')) {
      open.push(level);
      level = { steps: text.endsWith(':') ? 0 : stepsOfCapture, last: 0 };
    }
  }
  return open.reduce((sum, { steps }) => sum + steps, level.steps);
}

/** Steps of the group that is read so far, and of its last part, which a count behind it repeats. */
interface Level {
  readonly steps: number;
  readonly last: number;
}

/** Where it begins, where it ends, and the nothing that may stand in it. */
const stepsOfCapture = 3;

function append({ steps }: Level, last: number): Level {
  return { steps: steps + last, last };
}

/** One for the choice to go on, one for what may be empty. */
const stepsOfStar = 2;

/** A count that follows flags behind a repetition repeats that one as well. */
function extend({ steps, last }: Level, more: number): Level {
  return { steps: steps + more, last: last + more };
}

function repeat({ steps, last }: Level, times: number): Level {
  const all = last * Math.max(times, 1);
  return { steps: steps - last + all, last: all };
}

/** One to choose, and the nothing that may stand on a side. */
const stepsOfChoice = 2;

function stepsOf(text: string): number {
  if (text.startsWith('\\Q')) return text.length;
  if (text === '|') return stepsOfChoice;
  return /\\p/i.test(text) ? stepsOfUnicodeClass : 1;
}

/** Each optional repetition has a step that decides whether it is taken. */
function timesOf(low: string, comma: string | undefined, high: string | undefined): number {
  if (comma === undefined) return Number(low);
  return high === undefined || high === '' ? Number(low) + 1 : Number(low) + (Number(high) - Number(low)) * 2;
}
