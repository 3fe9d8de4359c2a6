/** Reads why a server refuses a request, in the JSON in which most APIs say it. */
import * as z from 'zod';
import { parseJsonText } from '../../model/text/outside-text.ts';
import type { HttpResponse } from '../port.ts';

const Words = z.string().min(1);
const Named = z.object({ message: Words }).transform(({ message }) => message);
const Word = z.union([Words, Named]);

/** `{"errors":["…"]}`, `{"error":"…"}`, `{"error":{"message":"…"}}`, `{"message":"…"}`. */
const Refusal = z.union([
  z.object({ errors: z.array(Word).min(1) }).transform(({ errors }) => errors.join('; ')),
  z.object({ error: Word }).transform(({ error }) => error),
  Named,
]);

/** Undefined for an answer of another shape, of which the first words are shown then. */
export function parseRefusalWords({ body }: Pick<HttpResponse, 'body'>): string | undefined {
  try {
    return Refusal.parse(parseJsonText(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return undefined;
  }
}
