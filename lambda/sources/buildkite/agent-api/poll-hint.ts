/** Remembers how long Buildkite asks not to be polled again, and the answer until then. */
import { minuteMs } from '../../../model/time.ts';

/** What to do about one token now. */
export type PollPlan<Answer> =
  | { readonly do: 'request' }
  | { readonly do: 'reuse'; readonly answer: Answer }
  | { readonly do: 'wait'; readonly untilMs: number };

/** Honours how long Buildkite asks not to be asked again; times in epoch milliseconds. */
export interface PollHint<Answer> {
  decide(nowMs: number): PollPlan<Answer>;
  noteAnswer(answer: Answer, requestedMs: number, pollAfterMs: number): void;
}

/**
 * A loop of exactly the wished interval must not skip every other tick because its runs do not start to the
 * millisecond: the first one, for example, reads secrets before it asks.
 */
const earlyShare = 0.1;

/** Nothing should be steered by older figures; buildkite-agent-scaler does not trust them either. */
const maxAnswerAgeMs = 2 * minuteMs;

export function createPollHint<Answer>(): PollHint<Answer> {
  let last: { readonly answer: Answer; readonly requestedMs: number; readonly nextMs: number } | undefined;
  return {
    decide: (nowMs) => {
      // A clock that was set back must not stretch the time for which an answer is good.
      if (last === undefined || nowMs < last.requestedMs || nowMs >= last.nextMs) return { do: 'request' };
      if (nowMs - last.requestedMs > maxAnswerAgeMs) return { do: 'wait', untilMs: last.nextMs };
      return { do: 'reuse', answer: last.answer };
    },
    noteAnswer: (answer, requestedMs, pollAfterMs) => {
      // Counted from the request: an answer that takes its time would otherwise push the next tick out of reach.
      last = { answer, requestedMs, nextMs: requestedMs + pollAfterMs * (1 - earlyShare) };
    },
  };
}
