import type { RequestMeter, ResponseHeaders } from '../port.ts';
import { quotaOf, scarcer } from '../answers/rate-limit-headers.ts';
import { type ClockReading, clockReading, closer, type Exchanged } from '../answers/server-clock.ts';

/** Counts what one plugin's requests do between two runs. */
export interface Meter {
  /** An attempt that got an answer. */
  readonly answered: (status: number, headers: ResponseHeaders, exchanged: Exchanged) => void;
  /** An attempt without one. */
  readonly unanswered: () => void;
  readonly sent: (bytes: number) => void;
  readonly received: (bytes: number) => void;
  /** One of each server that told its time since the last `take`. */
  readonly clocks: () => readonly ClockReading[];
  readonly take: () => RequestMeter;
}

export function createMeter(): Meter {
  let attempts = new Map<string, number>();
  let bytesSent = 0;
  let bytesReceived = 0;
  let quota: RequestMeter['quota'];
  let clocks = new Map<string, ClockReading>();

  const count = (key: string): void => {
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
  };

  return {
    answered: (status, headers, exchanged) => {
      count(`${String(Math.trunc(status / 100))}xx`);
      quota = scarcer(quota, quotaOf(headers, exchanged.answeredMs));
      const { host } = exchanged;
      const reading = clockReading(headers, exchanged);
      if (reading !== undefined) clocks.set(host, closer(clocks.get(host), reading));
    },
    unanswered: () => {
      count('none');
    },
    sent: (bytes) => {
      bytesSent += bytes;
    },
    received: (bytes) => {
      bytesReceived += bytes;
    },
    clocks: () => [...clocks.values()],
    take: () => {
      const taken = { attempts, bytesSent, bytesReceived, ...(quota === undefined ? {} : { quota }) };
      attempts = new Map();
      bytesSent = 0;
      bytesReceived = 0;
      quota = undefined;
      clocks = new Map();
      return taken;
    },
  };
}
