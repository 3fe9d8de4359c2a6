/** Limits of time and size that hold for every request. */
import type { HttpRequest } from '../port.ts';
import { checkAddress } from '../where.ts';

/** How long each phase of one attempt may take. The signal of the request ends every phase earlier. */
export interface Timeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly attemptMs: number;
}

export const defaultTimeouts: Timeouts = {
  /** A lost SYN is repeated after 1 and 3 seconds (RFC 6298); two may be lost. */
  connectMs: 5_000,
  /** What buildkite-agent-metrics gives the agent API to answer. */
  headersMs: 15_000,
  /** Between two chunks: an answer that pauses longer is not being computed any more, its connection is dead. */
  bodyMs: 10_000,
  /** The whole attempt, so that a byte now and then cannot hold a run; Prometheus gives a remote write as much. */
  attemptMs: 30_000,
};

/** The largest honest answer, 500 Kubernetes objects, is below 1 MiB; more would not fit the function's memory in parallel. */
const defaultMaxResponseBytes = 4 * 1024 * 1024;

/**
 * Of the memory, for a JSON answer that has no pages. To parse an answer of the agent API took up to nine times its bytes
 * (measured: 58 MiB for the 6.4 MiB of 50,000 queues), so this is a seventh of the memory.
 */
const jsonShareOfMemory = 1 / 64;

/** How large an answer may be, and what to do about one that is larger. */
export interface SizeLimit {
  readonly bytes: number;
  readonly remedy: string;
}

/** The limit of one answer; for JSON without pages 8 MiB in a process of 512 MB, and never less than for a page. */
export function determineSizeLimit(wanted: HttpRequest['maxResponseBytes'], memoryMegabytes: number): SizeLimit {
  if (wanted !== 'as memory allows') return { bytes: wanted ?? defaultMaxResponseBytes, remedy: checkAddress };
  const byMemory = Math.floor(memoryMegabytes * 2 ** 20 * jsonShareOfMemory);
  return {
    bytes: Math.max(defaultMaxResponseBytes, byMemory),
    remedy: `that is what a memory of ${String(memoryMegabytes)} MB can parse; raise deployment.memoryMegabytes (each MB allows ${String(jsonShareOfMemory * 2 ** 20)} bytes more)`,
  };
}

/** An error page is read for its first words only. */
export const maxErrorBodyBytes = 64 * 1024;

/** The status of a refusal is known before its body; waiting longer for the words would take time from a retry. */
export const errorBodyMs = 2_000;

/** Enough for the sentence that says why. */
export const excerptLength = 1_024;

/** A login page or a load balancer needs one or two; more is a loop. */
export const maxRedirects = 3;

/** Longer than the default interval of one minute, so that the next run finds its connections open. */
export const keepAliveMs = 90_000;
