import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Logger } from '../../../runtime/log.ts';
import { chunks } from '../../../series/cut-requests.ts';
import { encodeMetadataV1 } from '../encode/encode-v1.ts';
import { explain } from './explain-error.ts';
import type { Post } from './send-series.ts';
import type { SeriesFamily } from '../encode/series.ts';

/** As many as Prometheus sends at once (`metadata_config.max_samples_per_send`). */
export const maxMetadataPerRequest = 2000;

/** Prometheus sends metadata each minute; it hardly ever changes, and a receiver keeps it for longer than this. */
export const metadataEveryMs = 5 * 60_000;

/** When metadata was sent, for as long as the process lives. */
export interface MetadataSchedule {
  readonly isDue: (timestampMs: number) => boolean;
  readonly sent: (timestampMs: number) => void;
  /** For a receiver that refuses metadata. */
  readonly stop: () => void;
}

export function createMetadataSchedule(): MetadataSchedule {
  let dueAtMs = -Infinity;
  return {
    isDue: (timestampMs) => timestampMs >= dueAtMs,
    sent: (timestampMs) => {
      dueAtMs = timestampMs + metadataEveryMs;
    },
    stop: () => {
      dueAtMs = Infinity;
    },
  };
}

export interface MetadataPorts {
  readonly schedule: MetadataSchedule;
  readonly post: Post;
  readonly log: Logger;
  /** Which sink, and where it sends to. */
  readonly where: string;
}

/**
 * Tells a 1.0 receiver type, help and unit of what was just written. Nobody alarms on them, so a failure is logged and
 * does not make the sink look broken.
 */
export async function sendMetadata(
  families: readonly SeriesFamily[],
  timestampMs: number,
  { schedule, post, log, where }: MetadataPorts,
): Promise<void> {
  if (!schedule.isDue(timestampMs)) return;
  try {
    for (const piece of chunks(families, maxMetadataPerRequest)) {
      await post(encodeMetadataV1(piece), '1.0');
    }
    schedule.sent(timestampMs);
  } catch (error) {
    log.warn('the receiver did not take metadata', { reason: explain(error, where).text });
    const isRefused = error instanceof HttpStatusError && error.status < 500 && error.status !== 429;
    if (isRefused) schedule.stop();
    else schedule.sent(timestampMs);
  }
}
