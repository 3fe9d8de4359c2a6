/** Makes ids that look like Buildkite's, are the same in every life of the same fleet, and never meet those of another. */
export interface Identities {
  /** A new one with each call. */
  next(): string;
}

/** @param startMs of the fleet; @param place which of its queues. */
export function identities(startMs: number, place: number): Identities {
  let serial = 0;
  return {
    next: () => {
      serial += 1;
      return uuidOf(startMs, place, serial);
    },
  };
}

/** The version digit of a random UUID, and fields that say where it comes from. */
export function uuidOf(startMs: number, place: number, serial: number): string {
  const start = hex(startMs, 12);
  return `${start.slice(0, 8)}-${start.slice(8)}-4${hex(place, 3)}-8${hex(Math.floor(serial / 2 ** 40), 3)}-${hex(serial, 12)}`;
}

function hex(value: number, digits: number): string {
  return Math.floor(value).toString(16).padStart(digits, '0').slice(-digits);
}
