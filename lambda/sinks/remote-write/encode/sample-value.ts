/** The bytes of sample values that a JavaScript number does not carry reliably. */
import type { Series } from './series.ts';

/**
 * Prometheus' stale marker, 0x7ff0000000000002 in little-endian order (model/value/value.go). As a JavaScript number
 * this signalling NaN turns into an ordinary one on some paths of the engine, hence the bytes.
 */
const staleBytes = Uint8Array.of(0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);

/** Prometheus' own ordinary NaN, 0x7ff8000000000001. */
const nanBytes = Uint8Array.of(0x01, 0, 0, 0, 0, 0, 0xf8, 0x7f);

/** The bytes of a sample's value where a plain double would not say the right thing. */
export function encodeRawValue({ isStale, value }: Pick<Series, 'isStale' | 'value'>): Uint8Array | undefined {
  if (isStale) return staleBytes;
  return Number.isNaN(value) ? nanBytes : undefined;
}
