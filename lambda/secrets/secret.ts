/** A secret value that no log line, error or template literal shows. */
import { inspect } from 'node:util';

const hidden = '[secret]';

/** A secret value that no log line, error or template literal shows; only `reveal` does. */
export interface Secret {
  reveal(): string;
}

export function wrapSecret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: () => hidden,
    toJSON: () => hidden,
    [inspect.custom]: () => hidden,
  });
}
