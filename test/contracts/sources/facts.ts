/** What the contract has to know of a source's CI system: how it is configured, and how it behaves in each case. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../lambda/runtime/clock.ts';
import type { Respond } from '../../support/network/loopback-server.ts';

/** A CI system in good health, new for each test; it tells its own time by the clock. */
export type StartSystem = (clock: Clock) => Respond;

export interface SourceFacts {
  /** `url` is the server of the test; the token is the environment variable `CANARY_TOKEN`. */
  readonly config: (url: string) => object;
  /** In good health, with something to tell. */
  readonly healthy: StartSystem;
  /** In good health with nothing going on: no problem, and no invented figure. */
  readonly empty: StartSystem;
  /** As `healthy`, with this many elements more of which none is what the vendor documents. */
  readonly unreadable?: (count: number) => StartSystem;
  /** As `healthy`, but silent about a figure that it told there. */
  readonly silentOnFigure?: StartSystem;
  /** What is read by several requests, of which one can fail alone. */
  readonly parts?: {
    readonly config?: (url: string) => object;
    readonly system: StartSystem;
    /** Whether a request asks for the part that is to fail: another page, cluster, namespace, target or kind of record. */
    readonly isOfSecond: (request: IncomingMessage) => boolean;
  };
  /** Of a list whose server says where it goes on. */
  readonly pages?: {
    readonly config?: (url: string) => object;
    /** Each page names one more. */
    readonly endless: StartSystem;
    /** The next page is said to be at another server; absent where cursors are no addresses. */
    readonly leadingTo?: (otherUrl: string) => StartSystem;
  };
  /** When a request that has failed in passing is sent again; default: at once. A retry costs a budget as much as a request. */
  readonly repeats?: 'in the next run';
  /** What is counted; absent for a source that has levels only. */
  readonly counts?: {
    readonly config?: (url: string) => object;
    /** One run: open in the first minute, ended from the second one on. */
    readonly system: StartSystem;
    /** The counter that tells of its end. */
    readonly metric: string;
  };
}
