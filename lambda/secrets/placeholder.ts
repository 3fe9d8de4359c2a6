/** Recognises what documentation, templates and people write where a secret is still to be put. */

/** Whole values only: a token may well hold one of these words. */
const placeholders: readonly RegExp[] = [
  // `…`, `...`, `xxxx`, `****`, `____`
  /^(?:…|\.{2,}|x{3,}|\*{3,}|_{3,}|-{3,})$/i,
  // `<token>`, `{{token}}`, `${TOKEN}`, `[token]`
  /^(?:<[^<>]*>|\{\{[^{}]*\}\}|\$\{?\w+\}?|\[[^[\]]*\])$/,
  // `changeme`, `replace-me`, `put_your_token_here`, `YOUR API TOKEN`, `todo`, `dummy`, `placeholder`
  /^(?:change|replace|fill|put|insert|paste|enter|set)[-_ ]?(?:me|this|it|(?:your|the|a)[-_ ].*|.*here)[-_ ]?(?:in|later|now)?$/i,
  /^(?:your|my|the)[-_ ](?:[a-z]+[-_ ]){0,4}(?:token|key|secret|password|value)(?:[-_ ]here)?$/i,
  /^(?:todo|tbd|fixme|dummy|placeholder|example|sample|none|null|undefined|n\/a)$/i,
];

/** Whether a value stands where the secret is still to come. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim().replace(/^(["'])(.*)\1$/, '$2');
  return placeholders.some((pattern) => pattern.test(text));
}
