/** Counts what a delivery has sent: a request that a missing secret has stopped was none. */
import { isUntried } from './fate.ts';

/** What a delivery has sent, retries not included. */
export interface Traffic {
  requests: number;
  /** Of the bodies. */
  bytes: number;
}

/** Sends one request with so large a body, and counts it. @throws what `send` throws. */
export async function countRequest<Answer>(
  traffic: Traffic,
  bytes: number,
  send: () => Promise<Answer>,
): Promise<Answer> {
  traffic.requests += 1;
  traffic.bytes += bytes;
  try {
    return await send();
  } catch (error) {
    if (isUntried(error)) {
      traffic.requests -= 1;
      traffic.bytes -= bytes;
    }
    throw error;
  }
}
