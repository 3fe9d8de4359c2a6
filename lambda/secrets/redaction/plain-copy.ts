/** Copies any value as plain data, without what must not be shown. */

type Clean = (text: string) => string;

/** How texts are cleaned: those of the value itself, and those that an error has taken from an answer. */
export interface Cleaning {
  readonly own: Clean;
  readonly outside: Clean;
}

/** A log line has 256 KB (CloudWatch Logs quotas); these bounds keep one field well below it. */
const maxDepth = 8;
const maxItems = 100;
const maxNodes = 2000;
const maxTextLength = 16_384;

/** Fields that hold credentials whatever their value is, such as request headers on an error of a library. */
const credentialField =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-amz-security-token|password|secretaccesskey|sessiontoken)$/i;

/** Fields of an error that hold what a server answered. */
const answeredField = /^(excerpt|headers)$/;

interface Walk {
  readonly clean: Clean;
  readonly outside: Clean;
  /** The objects above, to find circles; what merely occurs twice is copied twice. */
  readonly above: ReadonlySet<object>;
  readonly budget: { nodes: number };
}

/**
 * A copy of any value that holds nothing but plain data, each text in it cleaned: errors with their
 * causes, maps, headers and class instances included. Never throws, never runs forever.
 */
export function copyPlain(value: unknown, { own, outside }: Cleaning): unknown {
  return copy(value, { clean: own, outside, above: new Set(), budget: { nodes: maxNodes } });
}

function copy(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
      return cleanText(value, walk);
    case 'number':
      return Number.isFinite(value) ? value : value.toString();
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
    case 'symbol':
      return walk.clean(value.toString());
    case 'function':
      return '[function]';
    case 'object':
      return copyObject(value, walk);
  }
}

function cleanText(text: string, { clean }: Walk): string {
  if (text.length <= maxTextLength) return clean(text);
  // Cleaned before it is cut, a bit more than is kept: a value that the cut would split is found as a whole.
  const kept = clean(text.slice(0, 2 * maxTextLength)).slice(0, maxTextLength);
  return `${kept}… (${String(text.length - maxTextLength)} more characters)`;
}

function copyObject(value: object | null, walk: Walk): unknown {
  if (value === null) return null;
  walk.budget.nodes -= 1;
  if (walk.above.has(value)) return '[circular]';
  if (walk.above.size >= maxDepth || walk.budget.nodes < 0) return '[too large]';
  const inner = { ...walk, above: new Set([...walk.above, value]) };
  try {
    return copyKnown(value, inner);
  } catch {
    // A getter, a proxy or a toJSON of a foreign object: what it holds is unknown, so nothing of it is shown.
    return '[unreadable]';
  }
}

function copyKnown(value: object, walk: Walk): unknown {
  if (Array.isArray(value)) return copyItems(value, walk);
  if (value instanceof Error) return copyError(value, walk);
  if (value instanceof Map)
    return copyEntries(
      [...value].map(([key, item]) => [String(key), item] as const),
      walk,
    );
  if (value instanceof Set) return copyItems([...value], walk);
  if (isHeaders(value)) return copyEntries([...value], walk);
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (value instanceof URL) return cleanText(removeUserInfo(value), walk);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = Reflect.apply(value.toJSON, value, []);
    return copy(json, walk);
  }
  return copyEntries(Object.entries(value), walk);
}

/** By its tag: the mere name of the class would load Node's whole fetch API into a function that has none. */
function isHeaders(value: object): value is Headers {
  return Object.prototype.toString.call(value) === '[object Headers]';
}

function removeUserInfo(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

function copyItems(items: readonly unknown[], walk: Walk): unknown {
  const copies = items.slice(0, maxItems).map((item) => copy(item, walk));
  return items.length > maxItems ? [...copies, `… ${String(items.length - maxItems)} more`] : copies;
}

function copyEntries(entries: readonly (readonly [string, unknown])[], walk: Walk): Readonly<Record<string, unknown>> {
  const copies = entries
    .slice(0, maxItems)
    .map(
      ([name, item]) => [walk.clean(name), credentialField.test(name) ? hideValue(item) : copy(item, walk)] as const,
    );
  const more = entries.length - copies.length;
  return Object.fromEntries(more > 0 ? [...copies, ['…', `${String(more)} more`]] : copies);
}

function hideValue(value: unknown): unknown {
  return value === undefined || value === null ? value : '[redacted]';
}

/** `name`, `message`, `stack` and `cause` are not enumerable, so a plain copy would lose them. */
function copyError(error: Error, walk: Walk): Readonly<Record<string, unknown>> {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(key));
  const errors = error instanceof AggregateError ? { errors: copyItems(error.errors, walk) } : {};
  return {
    name: cleanText(name, walk),
    message: cleanText(message, walk),
    ...copyEntries(
      own.filter(([key]) => !answeredField.test(key)),
      walk,
    ),
    ...copyEntries(
      own.filter(([key]) => answeredField.test(key)),
      { ...walk, clean: walk.outside },
    ),
    ...(stack === undefined ? {} : { stack: cleanText(stack, walk) }),
    ...(cause === undefined ? {} : { cause: copy(cause, walk) }),
    ...errors,
  };
}
