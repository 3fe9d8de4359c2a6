/** Sends what metrics mean to a receiver of 1.0, every few minutes. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Logger } from '../../../runtime/log.ts';
import { splitChunks } from '../../../model/lists/split-chunks.ts';
import { encodeMetadataV1 } from '../encode/encode-v1.ts';
import { maxMetadataPerRequest, metadataEveryMs } from '../limits.ts';
import { explainError } from './explain-error.ts';
import type { Post } from './send-series.ts';
import type { SeriesFamily } from '../encode/series.ts';

/** When metadata was sent, for as long as the process lives. */
export interface MetadataSchedule {
  readonly isDue: (timestampMs: number) => boolean;
  readonly noteSent: (timestampMs: number) => void;
  /** For a receiver that refuses metadata. */
  readonly stop: () => void;
}

export function createMetadataSchedule(): MetadataSchedule {
  let dueAtMs = -Infinity;
  return {
    isDue: (timestampMs) => timestampMs >= dueAtMs,
    noteSent: (timestampMs) => {
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
 * Sends a 1.0 receiver the type, help and unit of what was just written. No alarm needs them, so an error is logged and
 * is no problem of the sink.
 */
export async function sendMetadata(
  families: readonly SeriesFamily[],
  timestampMs: number,
  { schedule, post, log, where }: MetadataPorts,
): Promise<void> {
  if (!schedule.isDue(timestampMs)) return;
  try {
    for (const piece of splitChunks(families, maxMetadataPerRequest)) {
      await post(encodeMetadataV1(piece), '1.0');
    }
    schedule.noteSent(timestampMs);
  } catch (error) {
    log.warn('the receiver did not take metadata', { reason: explainError(error, where).text });
    const isRefused = error instanceof HttpStatusError && error.status < 500 && error.status !== 429;
    if (isRefused) schedule.stop();
    else schedule.noteSent(timestampMs);
  }
}
