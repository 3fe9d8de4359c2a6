/** Label selectors as far as the simulated API server understands them. */

/** Whether labels match a selector of the forms `a=b`, `a==b`, `a!=b`, `a` and `!a`, joined by commas. */
export function hasMatchingLabels(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return selector
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .every((term) => isTermMet(term, labels));
}

function isTermMet(term: string, labels: Readonly<Record<string, string>>): boolean {
  const [, key = '', operator, value] = /^(!?[^=!]+)(==?|!=)?(.*)$/.exec(term) ?? [];
  if (operator === undefined) return key.startsWith('!') ? !(key.slice(1) in labels) : key in labels;
  return operator === '!=' ? labels[key] !== value : labels[key] === value;
}

/**
 * What is wrong with a selector, in the words of the API server (k8s.io/apimachinery, pkg/labels, parser); undefined for
 * one that can be used.
 */
export function findSelectorProblem(selector: string): string | undefined {
  for (const term of selector.split(',').map((part) => part.trim())) {
    if (/^[=]/.test(term)) return "found '=', expected: !, identifier, or 'end of string'";
    if (/^!?[^=!]+(==?|!=)[^=!]*[=!]/.test(term)) return "found '=', expected: ',' or 'end of string'";
  }
  return undefined;
}
