/** How much a receiver of remote write gets at once, each number with its source. */
import { minuteMs } from '../../model/time.ts';

/** Series in one request, by default: as many as Prometheus sends at once (`queue_config.max_samples_per_send`). */
export const usualSeriesPerRequest = 2000;

/** Own choice: what a configuration may ask for; a larger request is no faster, and costs more when it is refused. */
export const mostSeriesPerRequest = 10_000;

/** As many as Prometheus sends at once (`metadata_config.max_samples_per_send`). */
export const maxMetadataPerRequest = 2000;

/** Prometheus sends metadata each minute; it hardly ever changes, and a receiver keeps it for longer than this. */
export const metadataEveryMs = 5 * minuteMs;
