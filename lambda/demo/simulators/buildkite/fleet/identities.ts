/** Makes the ids of simulated builds and jobs, which are the same in every life of a fleet. */

/** Ids in the form of Buildkite's: the same whenever the same fleet is simulated, and never those of another fleet. */
export interface Identities {
  /** A new one with each call. */
  next(): string;
}

/** @param startMs of the fleet; @param queueNumber which of its queues. */
export function createIdentities(startMs: number, queueNumber: number): Identities {
  let serial = 0;
  return {
    next: () => {
      serial += 1;
      return formatUuid(startMs, queueNumber, serial);
    },
  };
}

/** The version digit of a random UUID, and fields that say where it comes from. */
export function formatUuid(startMs: number, queueNumber: number, serial: number): string {
  const start = formatHex(startMs, 12);
  return `${start.slice(0, 8)}-${start.slice(8)}-4${formatHex(queueNumber, 3)}-8${formatHex(Math.floor(serial / 2 ** 40), 3)}-${formatHex(serial, 12)}`;
}

function formatHex(value: number, digits: number): string {
  return Math.floor(value).toString(16).padStart(digits, '0').slice(-digits);
}
