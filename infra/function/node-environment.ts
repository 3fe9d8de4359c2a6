/** The settings of Node by which a function stays within its memory. */
import { heapShare } from '../../lambda/runtime/function-memory.ts';

/**
 * Of the young generation, in MiB: compared side by side, a run of 10,000 queues peaked at 222 to 230 MiB with 8 and at
 * 236 to 253 with Node's own 16, for a twentieth of its CPU time. Later processes peaked at up to 269 with 8.
 */
const semiSpaceMebibytes = 8;

/**
 * Arenas of glibc's allocator. By default there are eight a core, and each keeps what its threads have freed; a function
 * has less than one core up to 1,769 MB, so that its threads do not wait for an arena (mallopt(3), `M_ARENA_MAX`).
 */
const mallocArenas = 1;

/** What Node is told in a function of this memory, also in the benchmark. */
export function buildNodeEnvironment(memoryMegabytes: number): Readonly<Record<string, string>> {
  const heap = Math.floor(memoryMegabytes * heapShare);
  return {
    NODE_OPTIONS: `--max-old-space-size=${String(heap)} --max-semi-space-size=${String(semiSpaceMebibytes)}`,
    MALLOC_ARENA_MAX: String(mallocArenas),
  };
}
