/** Tells how much memory the process has, so that bounds can be set by it. */
import { getHeapStatistics } from 'node:v8';

/** The memory of a function where `deployment.memoryMegabytes` is not set. */
export const defaultMemoryMegabytes = 512;

/**
 * Share of the memory that the old generation may fill before it is collected. The rest is for Node itself, the code,
 * buffers and the young generation; without a limit Node lets garbage pile up until the function is killed.
 */
export const heapShare = 5 / 8;

/**
 * Lambda tells a function its memory ("Defined runtime environment variables"). In a terminal it is what the heap may
 * grow to, and the share beside it: Node chooses that by the machine, or `--max-old-space-size` says it.
 */
export function determineMemoryMegabytes(variables: Readonly<Record<string, string | undefined>>): number {
  const configured = Number(variables['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']);
  return configured > 0 ? configured : Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20 / heapShare);
}
