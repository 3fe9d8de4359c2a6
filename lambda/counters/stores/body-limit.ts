/** How large the body of a stored document may be, whatever store it is in. */

/**
 * Bytes of UTF-8. Some 2,000,000 series, far above what the memory of a function or of a terminal holds besides; Node
 * has no text of more than 512 MiB, and what is above is no state but a mistake that must not fill the memory.
 */
export const maxBodyBytes = 256 * 1024 * 1024;

export const maxBodyText = '256 MiB';
