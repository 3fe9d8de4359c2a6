/** What the contract has to know of a sink's backend, and the common form in which it looks at what arrived there. */
import type { Labels } from '../../../lambda/model/metric.ts';
import type { OddAnswer } from './odd-answers.ts';

/** One series' figures as a backend got them in one request, whatever the protocol. */
export interface ReceivedValue {
  readonly name: string;
  readonly labels: Labels;
  /** `ended`: the series is said to exist no longer, as by a stale marker. */
  readonly kind: 'level' | 'increase' | 'observations' | 'total' | 'ended';
  /** Each observation, or one figure; none of a series that ended. */
  readonly values: readonly number[];
  /** Absent where the protocol carries no time. Epoch milliseconds. */
  readonly timeMs?: number;
  /** When a running total began, where the protocol carries it. Epoch milliseconds. */
  readonly startMs?: number;
  /** Of a histogram that comes as one value: `counts[i]` are at most `bounds[i]`, the last count is the rest. */
  readonly buckets?: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
}

/** One request that brought figures. */
export interface ReceivedRequest {
  /** Of the body as sent. */
  readonly bytes: number;
  readonly values: readonly ReceivedValue[];
  /** Those of them that the backend keeps. */
  readonly stored: readonly ReceivedValue[];
  /** Whether the sender was told that they are kept. */
  readonly isConfirmed: boolean;
  /** How the backend misbehaved, if it did. */
  readonly fault?: ReceiverFault;
  /** What was stored under the same key before is gone, as by the PUT of a group or a page as a whole. */
  readonly replaces?: string;
}

/** Where a sink sends to in a test. */
export interface Receiver extends AsyncDisposable {
  /** What the sink's configuration is given. */
  readonly url: string;
  /** Requests with figures, oldest first. Of a page: one, with what stands there now. */
  readonly received: () => Promise<readonly ReceivedRequest[]>;
}

/** How a backend misbehaves at a request. */
export type ReceiverFault =
  /** Too many requests; nothing is stored. */
  | 'throttled'
  /** The credentials are refused; nothing is stored. */
  | 'forbidden'
  /** A fault of its own; nothing is stored, but the sender cannot know. */
  | 'broken'
  /** Stored, and the connection ends before the answer. */
  | 'answer lost'
  /** Nothing is stored and nothing is answered. */
  | 'silent'
  /** Stored, and the answer comes byte by byte and never ends. */
  | 'dripping';

export interface ReceiverBehaviour {
  /** Answers in its own way what brings figures. */
  readonly odd?: OddAnswer;
  /** A rule that only the backend knows: it does not keep such a value. */
  readonly refuses?: (value: ReceivedValue) => boolean;
  /** At every request, or what it returns for each that brings figures. */
  readonly fault?: ReceiverFault | (() => ReceiverFault | undefined);
}

export interface ReceiverPlace {
  /** An empty folder of the test. */
  readonly folder: string;
  /** What the sink wrote to standard output. */
  readonly printed: readonly string[];
}

export type StartReceiver = (behaviour: ReceiverBehaviour, place: ReceiverPlace) => Promise<Receiver>;

export interface SinkFacts {
  readonly startReceiver: StartReceiver;
  /**
   * `request`: over HTTP, so that the backend can refuse, be silent and lose its answer. `nothing`: the protocol answers
   * nothing (UDP), and the delivery has to say so (`isUnanswered`). `itself`: the sink knows without a network, as of a
   * file.
   */
  readonly answers: 'request' | 'nothing' | 'itself';
  /** A backend that adds up gets `increases`; one that keeps what it is sent gets running `totals`. */
  readonly takes: 'increases' | 'totals';
  /** What is lost beside a refused sample, where the protocol forbids to send the others again; default: nothing. */
  readonly refusalCosts?: 'sample' | 'metric' | 'request';
  /**
   * How the values of a source that failed stop to look live. `by itself`: each run stands for its own minute only;
   * `when told`: the backend keeps them until the sink ends or replaces them; `never`: it keeps them and cannot be told.
   */
  readonly forgets: 'by itself' | 'when told' | 'never';
  /** Whether running totals arrive with their start. */
  readonly startTimes?: boolean;
  /** Queues of each of two sources that need several requests, with increases in more than one; default: 700. */
  readonly manyQueues?: number;
  /** What the backend takes in one request. */
  readonly limits?: { readonly bytes?: number; readonly values?: number };
}
