/** Counts the requests, bytes and rate limits of one source or sink between two runs. */
import type { RequestMeter, ResponseHeaders } from '../port.ts';
import { parseRateLimit, pickScarcer } from '../answers/rate-limit-headers.ts';
import { type ClockReading, measureClock, pickCloser, type Exchanged } from '../answers/server-clock.ts';

/** Counts what one plugin's requests do between two runs. */
export interface Meter {
  /** An attempt that got an answer. */
  readonly countAnswer: (status: number, headers: ResponseHeaders, exchanged: Exchanged) => void;
  /** An attempt without one. */
  readonly countUnanswered: () => void;
  readonly countSent: (bytes: number) => void;
  readonly countReceived: (bytes: number) => void;
  /** One of each server that told its time since the last `take`. */
  readonly getClocks: () => readonly ClockReading[];
  readonly take: () => RequestMeter;
}

export function createMeter(): Meter {
  let attempts = new Map<string, number>();
  let bytesSent = 0;
  let bytesReceived = 0;
  let rateLimit: RequestMeter['rateLimit'];
  let clocks = new Map<string, ClockReading>();

  const countAttempt = (key: string): void => {
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
  };

  return {
    countAnswer: (status, headers, exchanged) => {
      countAttempt(`${String(Math.trunc(status / 100))}xx`);
      rateLimit = pickScarcer(rateLimit, parseRateLimit(headers, exchanged.answeredMs));
      const { host } = exchanged;
      const reading = measureClock(headers, exchanged);
      if (reading !== undefined) clocks.set(host, pickCloser(clocks.get(host), reading));
    },
    countUnanswered: () => {
      countAttempt('none');
    },
    countSent: (bytes) => {
      bytesSent += bytes;
    },
    countReceived: (bytes) => {
      bytesReceived += bytes;
    },
    getClocks: () => [...clocks.values()],
    take: () => {
      const taken = { attempts, bytesSent, bytesReceived, ...(rateLimit === undefined ? {} : { rateLimit }) };
      attempts = new Map();
      bytesSent = 0;
      bytesReceived = 0;
      rateLimit = undefined;
      clocks = new Map();
      return taken;
    },
  };
}
