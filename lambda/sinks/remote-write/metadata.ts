import { HttpStatusError } from '../../http/errors.ts';
import type { Logger } from '../../runtime/log.ts';
import { chunks } from './pieces.ts';
import { encodeMetadataV1 } from './encode-v1.ts';
import { explain } from './explain.ts';
import type { Memory } from './memory.ts';
import type { Post } from './send.ts';
import type { SeriesFamily } from './series.ts';

/** As many as Prometheus sends at once (`metadata_config.max_samples_per_send`). */
export const maxMetadataPerRequest = 2000;

/**
 * Tells a 1.0 receiver type, help and unit of what was just written. Nobody alarms on them, so a failure is logged and
 * does not make the sink look broken.
 */
export async function sendMetadata(
  families: readonly SeriesFamily[],
  timestampMs: number,
  { memory, post, log }: { readonly memory: Memory; readonly post: Post; readonly log: Logger },
): Promise<void> {
  if (!memory.isMetadataDue(timestampMs)) return;
  try {
    for (const piece of chunks(families, maxMetadataPerRequest)) {
      await post(encodeMetadataV1(piece), '1.0');
    }
    memory.metadataSent(timestampMs);
  } catch (error) {
    log.warn('the receiver did not take metadata', { reason: explain(error).text });
    const isRefused = error instanceof HttpStatusError && error.status < 500 && error.status !== 429;
    if (isRefused) memory.neverSendMetadata();
    else memory.metadataSent(timestampMs);
  }
}
