import type { RequestMeter } from './http.ts';
import { quotaOf, scarcer, type ResponseHeaders } from './quota.ts';

/** Counts what one plugin's requests do between two runs. */
export interface Meter {
  /** An attempt that got an answer. */
  readonly answered: (status: number, headers: ResponseHeaders, nowMs: number) => void;
  /** An attempt without one. */
  readonly unanswered: () => void;
  readonly sent: (bytes: number) => void;
  readonly received: (bytes: number) => void;
  readonly take: () => RequestMeter;
}

export function createMeter(): Meter {
  let attempts = new Map<string, number>();
  let bytesSent = 0;
  let bytesReceived = 0;
  let quota: RequestMeter['quota'];

  const count = (key: string): void => {
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
  };

  return {
    answered: (status, headers, nowMs) => {
      count(`${String(Math.trunc(status / 100))}xx`);
      quota = scarcer(quota, quotaOf(headers, nowMs));
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
    take: () => {
      const taken = { attempts, bytesSent, bytesReceived, ...(quota === undefined ? {} : { quota }) };
      attempts = new Map();
      bytesSent = 0;
      bytesReceived = 0;
      quota = undefined;
      return taken;
    },
  };
}
