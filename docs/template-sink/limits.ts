/** What the backend takes at once. Each number has its source beside it, so that the next reader can check it. */

/** API reference of the example, POST /points: "at most 500 points". */
export const maxPointsPerRequest = 500;

/** API reference of the example, POST /points: "at most 500 kB", read as the smaller kilobyte and before compression. */
export const maxRequestBytes = 500_000;

/** Own choice: enough for 10,000 queues within a second, and far from the 100 a second that an account has. */
export const maxParallelRequests = 4;

/**
 * Own choice: requests that one delivery may spend on finding refused points. Nine find one among 500; many more bad
 * points than that are a fault of a kind, and looking for each would cost the run.
 */
export const maxSearchRequests = 64;
